#include "runtime/launch/launched_as.h"

#include <sys/stat.h>

#include <cstdlib>

#include "runtime/files/files.h"
#include "runtime/launch/run_dir.h"
#include "runtime/launch/run_files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using torchport::runtime::Error;
using torchport::runtime::launched_as;
using torchport::runtime::Problems;
using torchport::runtime::read_file;
using torchport::runtime::write_file_atomically;
using torchport::test::TemporaryFolder;

namespace {

/// Sets variables, and takes all of a launcher's away, for as long as it lives.
class Environment {
 public:
  explicit Environment(std::initializer_list<std::pair<const char*, const char*>> variables) {
    for (const char* const name : {"OMPI_COMM_WORLD_RANK",
                                   "OMPI_COMM_WORLD_SIZE",
                                   "OMPI_COMM_WORLD_LOCAL_RANK",
                                   "OMPI_COMM_WORLD_LOCAL_SIZE",
                                   "PMIX_RANK",
                                   "PMIX_NAMESPACE",
                                   "SLURM_PROCID",
                                   "SLURM_STEP_ID",
                                   "SLURM_NTASKS",
                                   "SLURM_STEP_NUM_TASKS",
                                   "SLURM_LOCALID",
                                   "SLURM_STEP_TASKS_PER_NODE",
                                   "SLURM_JOB_ID",
                                   "SLURM_CPU_BIND_LIST",
                                   "OMPI_MCA_orte_bound_at_launch",
                                   "OMPI_MCA_ess_base_jobid",
                                   "TORCHPORT_RUN_DIR",
                                   "PMI_RANK",
                                   "PMI_SIZE",
                                   "RANK",
                                   "WORLD_SIZE"}) {
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
  const mode_t before = umask(027);
  CHECK(prepare_run_dir(request_with(""), {}, false) == root / "c");
  umask(before);
  CHECK(fs::is_directory("c/logs"));
  CHECK((fs::status("c/logs").permissions() & fs::perms::others_all) == fs::perms::none);
}

TEST_CASE("run folder: what an earlier run left is renamed, the youngest to .1", "[launch]") {
  const TemporaryFolder folder;
  const Environment none({});
  for (const char* const run : {"first", "second", "third"}) {
    const fs::path run_dir = prepare_run_dir(request_with(folder / "r"), {}, true);
    for (const char* const name : {"logs/70_driver_log_0", "logs/failure_0.json", "logs/70_mpi_log", "metrics.jsonl", "run.json"}) {
      CHECK_FALSE(fs::exists(run_dir / name));
      write_file_atomically(run_dir / name, run);
    }
    write_file_atomically(run_dir / "logs/notes", run);
  }
  for (const char* const name : {"logs/70_driver_log_0", "logs/failure_0.json", "logs/70_mpi_log", "metrics.jsonl", "run.json"}) {
    CHECK(read_file(folder / "r" / name, 1 << 30) == "third");
    CHECK(read_file(folder / "r" / (std::string(name) + ".1"), 1 << 30) == "second");
    CHECK(read_file(folder / "r" / (std::string(name) + ".2"), 1 << 30) == "first");
  }
  CHECK_FALSE(fs::exists(folder / "r/logs/notes.1"));
}

TEST_CASE("run folder: all that an attempt left moves together, so that a number stands for an attempt", "[launch]") {
  const TemporaryFolder folder;
  const Environment none({});
  const auto attempt = [&](const std::string& text, const std::vector<std::string>& names) {
    const fs::path run_dir = prepare_run_dir(request_with(folder / "r"), {}, true);
    for (const std::string& name : names) write_file_atomically(run_dir / name, text);
  };
  const auto text = [&](const std::string& name) { return read_file(folder / "r" / name, 1 << 20); };
  const auto there = [&](const std::string& name) { return fs::exists(folder / "r" / name); };
  attempt("first", {"run.json", "first_batch.json", "trace_0.json", "metrics.prom", "logs/nccl_1", "job.json", "checkpoints.txt",
                    "run.json.restart1", "run.json.new", "trace_x.json"});
  attempt("second", {"run.json"});
  attempt("third", {"logs/70_mpi_log"});
  attempt("fourth", {});
  CHECK(text("logs/70_mpi_log.1") == "third");
  CHECK(text("run.json.2") == "second");
  for (const char* const name :
       {"run.json", "first_batch.json", "trace_0.json", "metrics.prom", "logs/nccl_1", "job.json", "run.json.restart1"})
    CHECK(text(std::string(name) + ".3") == "first");
  for (const char* const name :
       {"run.json", "run.json.1", "first_batch.json", "first_batch.json.1", "trace_0.json", "metrics.prom"})
    CHECK_FALSE(there(name));
  for (const char* const name : {"checkpoints.txt", "run.json.new", "trace_x.json"}) CHECK(there(name));  // of somebody else
  auto earlier = torchport::runtime::earlier_attempts(folder / "r");
  std::sort(earlier.begin(), earlier.end());
  CHECK(earlier == std::vector<std::string>{".2", ".3", ".restart1.3"});
  attempt("fifth", {});  // the fourth left nothing: no number is free for it
  CHECK(text("run.json.2") == "second");
  torchport::runtime::take_back_training(folder / "r");
  CHECK(text("first_batch.json") == "first");
  CHECK_FALSE(there("first_batch.json.3"));
  CHECK(there("trace_0.json.3"));
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
    CHECK(std::string(error.what()) ==
          "the run folder '" + (folder / "file").string() + "' cannot be made: a file of that name exists");
  }
}

TEST_CASE("launched_as: launchers whose processes our MPI does not know are told, and one process alone is no launch", "[launch]") {
  {
    const Environment mpich({{"PMI_RANK", "1"}, {"PMI_SIZE", "4"}});
    REQUIRE(launched_as());
    CHECK(launched_as()->rank == 1);
    CHECK(launched_as()->size == 4);
  }
  {
    const Environment torchrun({{"RANK", "2"}, {"WORLD_SIZE", "3"}, {"LOCAL_RANK", "0"}});
    REQUIRE(launched_as());
    CHECK(launched_as()->size == 3);
  }
  {
    const Environment inner(
        {{"SLURM_STEP_ID", "0"}, {"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}, {"PMI_RANK", "0"}, {"PMI_SIZE", "2"}});
    REQUIRE(launched_as());  // mpiexec in a shell of srun -n1 --pty
    CHECK(launched_as()->size == 2);
  }
  {
    const Environment shell({{"SLURM_STEP_ID", "0"}, {"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}, {"PMIX_RANK", "0"}});
    CHECK_FALSE(launched_as());
  }
  {
    const Environment alone({{"OMPI_COMM_WORLD_RANK", "0"},
                             {"OMPI_COMM_WORLD_SIZE", "1"},
                             {"WORLD_SIZE", "4"},
                             {"OMPI_UNIVERSE_SIZE", "1"},
                             {"OMPI_MCA_btl", "self"},
                             {"PMIX_NAMESPACE", "x"}});
    CHECK_FALSE(launched_as());  // a WORLD_SIZE without a rank is nobody's
    torchport::runtime::forget_launcher();
    CHECK_FALSE(std::getenv("OMPI_UNIVERSE_SIZE"));
    CHECK_FALSE(std::getenv("PMIX_NAMESPACE"));
    CHECK(std::getenv("OMPI_MCA_btl") == std::string("self"));
  }
}

TEST_CASE("run_dir: one that cannot be made is told with the flag that names another", "[launch]") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "file", "");
  try {
    torchport::runtime::check_run_dir(folder / "file/deep/run");
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.exit_status() == 11);
    CHECK(std::string(error.what()) == "the run folder '" + (folder / "file/deep/run").string() + "' cannot be made: '" +
                                           (folder / "file").string() + "' is not a folder");
    CHECK(error.hint().find("--run-dir") != std::string::npos);
  }
  torchport::runtime::check_run_dir(folder / "new/run");
  CHECK_FALSE(fs::exists(folder / "new"));
}
