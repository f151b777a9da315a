#include "runtime/report/verdict.h"

#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using torchport::runtime::cause_of;
using torchport::runtime::Error;
using torchport::runtime::Failure;
using torchport::runtime::fatal_line;
using torchport::runtime::rank_in;
using torchport::runtime::read_failures;
using torchport::runtime::read_file;
using torchport::runtime::result_line;
using torchport::runtime::write_failure;
using torchport::runtime::write_file_atomically;
using torchport::test::TemporaryFolder;

TEST_CASE("verdict: a FATAL line tells class, code, rank, step, cause, path and hint", "[verdict]") {
  const Error error("InvalidDataset.categories_differ");
  CHECK(fatal_line({{error}, 1, "-"}) ==
        "FATAL code=InvalidDatasetError/0018 rank=1 step=- cause=\"the categories of the two datasets differ\" path=- "
        "hint=\"Give both datasets the same category names with the same ids; Split Image Directory makes such a pair.\"");
  const Error path("AlreadyExists.output", {{"path", "a \"b\""}});
  CHECK(fatal_line({{path, error}, 0, "2.7"}) ==
        R"x(FATAL code=AlreadyExistsError/0057 rank=0 step=2.7 cause="the output 'a \"b\"' exists and is not empty (and 1 more)" )x"
        R"(path="a \"b\"" hint="Give another path or empty the folder.")");
}

TEST_CASE("verdict: a FATAL line has at most 4096 bytes, whatever a path holds", "[verdict]") {
  for (const char* const piece : {"x", "\"", "\n", "\xc3\xa9", "\xff"}) {
    std::string path;
    while (path.size() < 9000) path += piece;
    const Error error("AlreadyExists.output", {{"path", path}});
    const std::string line = fatal_line({{error}, 0, "1.1"});
    CHECK(line.size() < 4096);
    CHECK(line.size() > 2000);
    CHECK(line.find('\n') == line.npos);
    CHECK_THAT(line, Catch::Matchers::EndsWith("\" hint=\"Give another path or empty the folder.\""));
    CHECK(line.find(" cause=\"" + cause_of({error}) + "\" path=\"") != line.npos);
    CHECK(cause_of({error}).size() <= 1200);
  }
}

TEST_CASE("verdict: a failure is read back as the rank wrote it", "[verdict]") {
  const TemporaryFolder logs;
  const Error path("AlreadyExists.output", {{"path", "\" path=\\\xff"}}, {{"found", "two\nlines"}});
  const Error other("InvalidDataset.categories_differ");
  write_failure(logs.path(), 3, {{path, other}, 12, "2.7"});
  const auto json = nlohmann::json::parse(read_file(logs / "failure_3.json", 1 << 30));
  CHECK(json["rank"] == 12);
  CHECK(json["step"] == "2.7");
  CHECK(json["errors"][0]["key"] == "AlreadyExists.output");
  const auto failures = read_failures(logs.path());
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].rank == 12);
  CHECK(failures[0].step == "2.7");
  REQUIRE(failures[0].errors.size() == 2);
  CHECK(failures[0].errors[0].render("x") == path.render("x"));
  CHECK(failures[0].errors[1].render("x") == other.render("x"));
  CHECK(cause_of(failures[0].errors) == cause_of({path, other}));
}

TEST_CASE("verdict: failures come by the rank to blame; those of earlier runs and broken files are passed over", "[verdict]") {
  const TemporaryFolder logs;
  const Error timeout("TimeoutOccured.collective", {{"operation", "barrier"}, {"sequence", "3"}, {"seconds", "2"}});
  write_failure(logs.path(), 10, {{timeout}, 10, "1.2"});
  write_failure(logs.path(), 2, {{timeout}, 2, "1.2"});
  write_failure(logs.path(), 1, {{timeout}, 1, "1.2"});
  std::filesystem::rename(logs / "failure_1.json", logs / "failure_1.json.1");
  const char* const broken[] = {"", "{", "[]", R"({"rank": 0, "step": "-", "errors": []})",
                                R"({"rank": 0, "step": "-", "errors": [{"key": "No.such", "fields": {}, "details": []}]})"};
  int rank = 20;
  for (const char* const text : broken) write_file_atomically(logs / ("failure_" + std::to_string(rank++) + ".json"), text);
  write_file_atomically(logs / "failure_x.json", read_file(logs / "failure_2.json", 1 << 30));
  write_file_atomically(logs / "70_driver_log_0", fatal_line({{timeout}, 0, "1.2"}) + "\n");
  const auto failures = read_failures(logs.path());
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].rank == 2);
  CHECK(failures[1].rank == 10);
  CHECK(cause_of(failures[0].errors) == "barrier number 3 did not end within 2 s: another process is stuck or lost");
  CHECK(read_failures(logs / "absent").empty());
}

TEST_CASE("verdict: a RESULT line", "[verdict]") {
  CHECK(result_line(0, {}, "ok") == R"(RESULT exit=0 first_rank=- cause="ok" checkpoint=none)");
  CHECK(result_line(5, 1, "c") == R"(RESULT exit=5 first_rank=1 cause="c" checkpoint=none)");
  CHECK(result_line(75, 1, "c", true, "a \"b\"/3.0") ==
        R"(RESULT exit=75 first_rank=1 cause="c" checkpoint="a \"b\"/3.0" record=truncated)");
}

TEST_CASE("verdict: the rank in a file's name", "[verdict]") {
  CHECK(rank_in("70_driver_log_12", "70_driver_log_", "") == 12);
  CHECK(rank_in("failure_0.json", "failure_", ".json") == 0);
  for (const char* const name : {"failure_.json", "failure_-1.json", "failure_1x.json", "failure_1.json.1", "xfailure_1.json"})
    CHECK_FALSE(rank_in(name, "failure_", ".json"));
}
