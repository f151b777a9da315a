#include "runtime/launch/launch.h"

#include <cstdlib>

#include "runtime/files/files.h"
#include "runtime/report/verdict.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using torchport::runtime::Error;
using torchport::runtime::fatal_line;
using torchport::runtime::launched_as;
using torchport::runtime::parse_fatal;
using torchport::runtime::Problems;
using torchport::runtime::read_fatals;
using torchport::runtime::read_file;
using torchport::runtime::result_line;
using torchport::runtime::write_file_atomically;
using torchport::test::TemporaryFolder;

namespace {

/// Sets variables, and takes all of a launcher's away, for as long as it lives.
class Environment {
 public:
  explicit Environment(std::initializer_list<std::pair<const char*, const char*>> variables) {
    for (const char* const name :
         {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE", "PMIX_RANK",
          "PMIX_NAMESPACE", "SLURM_PROCID", "SLURM_STEP_ID", "SLURM_NTASKS", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID",
          "SLURM_STEP_TASKS_PER_NODE", "SLURM_JOB_ID", "SLURM_CPU_BIND_LIST", "OMPI_MCA_orte_bound_at_launch",
          "OMPI_MCA_ess_base_jobid", "TORCHPORT_RUN_DIR"}) {
      unsetenv(name);
    }
    for (const auto& [name, value] : variables) {
      setenv(name, value, 1);
      names_.emplace_back(name);
    }
  }
  ~Environment() {
    for (const std::string& name : names_) unsetenv(name.c_str());
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  std::vector<std::string> names_;
};

torchport::runtime::Request request_with(const fs::path& run_dir) {
  Problems problems;
  const auto& component = torchport::runtime::Specs::get().component("train_pytorch_model");
  std::vector<std::string> arguments;
  if (!run_dir.empty()) arguments = {"--run-dir", run_dir.string()};
  return torchport::runtime::parse_request(component, arguments, problems);
}

struct WorkingFolder {
  explicit WorkingFolder(const fs::path& folder) : before(fs::current_path()) { fs::current_path(folder); }
  ~WorkingFolder() { fs::current_path(before); }
  fs::path before;
};

}  // namespace

TEST_CASE("launched_as: Open MPI, Slurm and PMIx are told apart from a plain start", "[launch]") {
  {
    const Environment none({});
    CHECK_FALSE(launched_as());
  }
  {
    const Environment batch_script({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}, {"SLURM_JOB_ID", "7"}});
    CHECK_FALSE(launched_as());
  }
  {
    const Environment mpirun({{"OMPI_COMM_WORLD_RANK", "3"},
                              {"OMPI_COMM_WORLD_SIZE", "4"},
                              {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                              {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"},
                              {"PMIX_NAMESPACE", "a/../b@1"},
                              {"OMPI_MCA_orte_bound_at_launch", "1"}});
    const auto launched = launched_as();
    REQUIRE(launched);
    CHECK(launched->rank == 3);
    CHECK(launched->size == 4);
    CHECK(launched->local_rank == 1);
    CHECK(launched->local_size == 2);
    CHECK(launched->bound);
    CHECK(launched->job == "a____b_1");
  }
  {
    const Environment srun({{"SLURM_PROCID", "1"},
                            {"SLURM_STEP_ID", "0"},
                            {"SLURM_STEP_NUM_TASKS", "2"},
                            {"SLURM_LOCALID", "1"},
                            {"SLURM_STEP_TASKS_PER_NODE", "2"},
                            {"SLURM_JOB_ID", "7"},
                            {"PMIX_RANK", "1"}});
    const auto launched = launched_as();
    REQUIRE(launched);
    CHECK(launched->rank == 1);
    CHECK(launched->size == 2);
    CHECK(launched->local_size == 2);
    CHECK_FALSE(launched->bound);
    CHECK(launched->job == "7-0");
  }
  {
    const Environment pmix({{"PMIX_RANK", "1"}, {"PMIX_NAMESPACE", "n"}});
    REQUIRE(launched_as());
    CHECK(launched_as()->size == 0);
  }
}

TEST_CASE("run folder: its name is given, handed on, the job's, or the next free one", "[launch]") {
  const TemporaryFolder folder;
  const WorkingFolder here(folder.path());
  const fs::path root = fs::current_path();
  {
    const Environment none({});
    CHECK(prepare_run_dir(request_with("a/b"), {}, true) == root / "a/b");
    CHECK(prepare_run_dir(request_with(""), {}, true) == root / "runs/train_pytorch_model-1");
    CHECK(prepare_run_dir(request_with(""), {}, true) == root / "runs/train_pytorch_model-2");
    torchport::runtime::LaunchedAs launched;
    launched.job = "77";
    CHECK(prepare_run_dir(request_with(""), launched, false) == root / "runs/train_pytorch_model-77");
  }
  const Environment handed_on({{"TORCHPORT_RUN_DIR", "c"}});
  CHECK(prepare_run_dir(request_with(""), {}, false) == root / "c");
  CHECK(fs::is_directory("c/logs"));
  CHECK((fs::status("c/logs").permissions() & fs::perms::others_all) == fs::perms::none);
}

TEST_CASE("run folder: what an earlier run left is renamed, the youngest to .1", "[launch]") {
  const TemporaryFolder folder;
  const Environment none({});
  for (const char* const run : {"first", "second", "third"}) {
    const fs::path run_dir = prepare_run_dir(request_with(folder / "r"), {}, true);
    for (const char* const name : {"logs/70_driver_log_0", "logs/70_mpi_log", "metrics.jsonl", "run.json"}) {
      CHECK_FALSE(fs::exists(run_dir / name));
      write_file_atomically(run_dir / name, run);
    }
    write_file_atomically(run_dir / "logs/notes", run);
  }
  for (const char* const name : {"logs/70_driver_log_0", "logs/70_mpi_log", "metrics.jsonl", "run.json"}) {
    CHECK(read_file(folder / "r" / name) == "third");
    CHECK(read_file(folder / "r" / (std::string(name) + ".1")) == "second");
    CHECK(read_file(folder / "r" / (std::string(name) + ".2")) == "first");
  }
  CHECK_FALSE(fs::exists(folder / "r/logs/notes.1"));
}

TEST_CASE("run folder: one that cannot be made is an error with its reason", "[launch]") {
  const TemporaryFolder folder;
  const Environment none({});
  write_file_atomically(folder / "file", "x");
  try {
    prepare_run_dir(request_with(folder / "file/run"), {}, true);
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.exit_status() == 11);
    CHECK(std::string(error.what()) == "'" + (folder / "file").string() + "' could not be written: a file of that name exists");
  }
}

TEST_CASE("last lines: a FATAL line tells class, code, rank, step, cause, path and hint", "[launch]") {
  const Error error("InvalidDataset.categories_differ");
  CHECK(fatal_line({error}, 1, "-") ==
        "FATAL code=InvalidDatasetError/0018 rank=1 step=- cause=\"the categories of the two datasets differ\" path=- "
        "hint=\"Give both datasets the same category names with the same ids; Split Image Directory makes such a pair.\"");
  const Error path("AlreadyExists.output", {{"path", "a \"b\""}});
  CHECK(fatal_line({path, error}, 0, "2.7") ==
        R"x(FATAL code=AlreadyExistsError/0057 rank=0 step=2.7 cause="the output 'a \"b\"' exists and is not empty (and 1 more)" )x"
        R"(path="a \"b\"" hint="Give another path or empty the folder.")");
}

TEST_CASE("last lines: a FATAL line has at most 4096 bytes, whatever a path holds", "[launch]") {
  for (const char* const piece : {"x", "\"", "\n", "\xc3\xa9", "\xff"}) {
    std::string path;
    while (path.size() < 9000) path += piece;
    const std::string line = fatal_line({Error("AlreadyExists.output", {{"path", path}})}, 0, "1.1");
    CHECK(line.size() < 4096);
    CHECK(line.size() > 2000);
    CHECK(line.find('\n') == line.npos);
    CHECK_THAT(line, Catch::Matchers::EndsWith("\" hint=\"Give another path or empty the folder.\""));
    REQUIRE(parse_fatal(line));
  }
}

TEST_CASE("last lines: a FATAL line is read back, quotes in it included", "[launch]") {
  const auto fatal = parse_fatal(fatal_line({Error("AlreadyExists.output", {{"path", "\" path=\\"}})}, 12, "-"));
  REQUIRE(fatal);
  CHECK(fatal->error_class == "AlreadyExistsError");
  CHECK(fatal->rank == 12);
  CHECK(fatal->cause == R"(the output '\" path=\\' exists and is not empty)");
  CHECK_FALSE(parse_fatal("2026-11-23 studio.core INFO FATAL code=x rank=1 cause=\"\""));
  CHECK_FALSE(parse_fatal("FATAL code="));
}

TEST_CASE("last lines: the FATAL lines of all ranks are found, those of earlier runs are not", "[launch]") {
  const TemporaryFolder folder;
  const Error timeout("TimeoutOccured.collective", {{"operation", "barrier"}, {"sequence", "3"}, {"seconds", "2"}});
  write_file_atomically(folder / "70_driver_log_10", std::string(20000, 'x') + "\n" + fatal_line({timeout}, 10, "1.2") + "\n");
  write_file_atomically(folder / "70_driver_log_2", fatal_line({timeout}, 2, "1.2") + "\nlater words\n");
  write_file_atomically(folder / "70_driver_log_1.1", fatal_line({timeout}, 1, "1.2") + "\n");
  write_file_atomically(folder / "70_driver_log_0", "a good run\n");
  const auto fatals = read_fatals(folder.path());
  REQUIRE(fatals.size() == 2);
  CHECK(fatals[0].rank == 2);
  CHECK(fatals[1].rank == 10);
  CHECK(fatals[0].cause == "barrier number 3 did not end within 2 s: another process is stuck or lost");
}

TEST_CASE("last lines: a RESULT line", "[launch]") {
  CHECK(result_line(0, {}, "ok") == R"(RESULT exit=0 first_rank=- cause="ok" checkpoint=none)");
  CHECK(result_line(5, 1, "c") == R"(RESULT exit=5 first_rank=1 cause="c" checkpoint=none)");
}
