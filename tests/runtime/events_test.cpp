#include "runtime/report/events.h"

#include "runtime/files/files.h"
#include "runtime/text/python_json.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using torchport::runtime::Event;
using torchport::runtime::Events;
using torchport::runtime::python_float;
using torchport::runtime::python_string;
using torchport::runtime::read_file;
using torchport::test::TemporaryFolder;

TEST_CASE("python json: floats are spelled as Python spells them", "[events]") {
  const std::map<double, std::string> cases = {{1.0, "1.0"},
                                               {0.000250075, "0.000250075"},
                                               {1e-5, "1e-05"},
                                               {0.0001, "0.0001"},
                                               {44.36588572581268, "44.36588572581268"},
                                               {1e15, "1000000000000000.0"},
                                               {1e16, "1e+16"},
                                               {-0.5, "-0.5"},
                                               {5e-324, "5e-324"},
                                               {1.2e-7, "1.2e-07"},
                                               {123456789012345680.0, "1.2345678901234568e+17"},
                                               {1e300, "1e+300"},
                                               {0.0, "0.0"}};
  for (const auto& [value, text] : cases) CHECK(python_float(value) == text);
  CHECK(python_float(std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(python_float(-std::numeric_limits<double>::infinity()) == "-Infinity");
}

TEST_CASE("python json: strings are ASCII", "[events]") {
  CHECK(python_string("a\"b\\\n\x01") == R"("a\"b\\\n\u0001")");
  CHECK(python_string("caf\xc3\xa9 \xf0\x9f\x98\x80\x7f") == R"("caf\u00e9 \ud83d\ude00\u007f")");
  CHECK(python_string("\xff") == R"("\ufffd")");
}

TEST_CASE("events: the metric stream has the original's lines", "[events]") {
  const TemporaryFolder folder;
  Events events({folder.path(), nullptr});
  events.send({"log_row", "learning rate", {{"epoch", std::int64_t{1}}, {"lr", 0.001}}});
  events.send({"progress", "train", {{"epoch", std::int64_t{1}}}});
  events.send({"log_row", "Train images per second", {{"epoch", std::int64_t{1}}, {"train_ips", 44.36588572581268}}});
  const std::string golden = read_file(torchport::test::original("runs/train.jsonl"));
  const std::string two_rows = read_file(folder / "metrics.jsonl");  // each line is there as soon as it was sent
  CHECK(two_rows == golden.substr(0, two_rows.size()));
  events.send({"upload_folder", "trained_model_outputs", {{"files", std::vector<std::string>{"_meta.yaml", "model"}}}});
  events.send({"upload_file", "module_statistics/error_info.json", {{"content", std::string("{\n  \"Exception\": null\n}")}}});
  CHECK(read_file(folder / "metrics.jsonl").substr(two_rows.size()) ==
        R"({"kind": "upload_folder", "name": "trained_model_outputs", "files": ["_meta.yaml", "model"]})"
        "\n" +
            golden.substr(golden.rfind("{\"kind\"")));
}

TEST_CASE("events: the position is that of the last step begun", "[events]") {
  Events events;
  CHECK(events.position() == "-");
  events.at(3, 17);
  CHECK(events.position() == "3.17");
}
