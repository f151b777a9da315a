#include "runtime/launch/engine.h"

#include "runtime/launch/launch.h"
#include "runtime/launch/slurm_job.h"
#include "runtime/launch/slurm_script.h"
#include "tests/support/catch.h"

using torchport::runtime::Compute;
using torchport::runtime::engines;
using torchport::runtime::Error;
using torchport::runtime::job_script;
using torchport::runtime::Problems;
using torchport::runtime::read_job_state;
using torchport::runtime::Request;
using torchport::runtime::Specs;

namespace {

Request request_with(std::vector<std::string> arguments) {
  Problems problems;
  return torchport::runtime::parse_request(Specs::get().component("train_pytorch_model"), arguments, problems);
}

std::string fault_of_flag(const std::string& flag) {
  Problems problems;
  torchport::runtime::parse_request(Specs::get().component("train_pytorch_model"), {flag}, problems);
  for (const Error& error : problems.all())
    if (error.id() == "ParameterParsing") return error.render("x");
  return "";
}

}  // namespace

TEST_CASE("engines: mpirun's command has the settings and our variables, then the worker", "[engines]") {
  const auto mpirun = engines().at("mpirun")({});
  const std::vector<std::string> worker = {"/w", "run", "c", "--x"};
  CHECK(mpirun->command(request_with({"--process-count-per-node=2"}), worker) ==
        std::vector<std::string>{"mpirun", "--bind-to", "none", "--oversubscribe", "-np", "2", "-x", "TORCHPORT_RUN_DIR", "-x",
                                 "TORCHPORT_RUN_READY", "-x", "TORCHPORT_TERMINAL", "-x", "TORCHPORT_WATCH", "/w", "run", "c",
                                 "--x"});
  CHECK(mpirun->command(request_with({"--allow-run-as-root"}), worker)[1] == "--allow-run-as-root");
}

TEST_CASE("engines: mpirun gets the first hosts of a compute, its flags, and variables that other machines lack", "[engines]") {
  Compute compute{"pair", "mpirun", {}, {}, {{"hosts", {"alpha", "beta", "gamma"}}, {"flags", {"--mca", "a", "b"}}}};
  setenv("TORCHPORT_OF_THE_TEST", "1", 1);
  const auto command =
      engines().at("mpirun")(compute)->command(request_with({"--node-count=2", "--process-count-per-node=4"}), {"/w"});
  unsetenv("TORCHPORT_OF_THE_TEST");
  std::string line;
  for (const std::string& word : command) line += word + " ";
  CHECK(line.find(" -np 8 --host alpha:4,beta:4 --map-by ppr:4:node --wdir " + std::filesystem::current_path().string() + " -x ") !=
        line.npos);
  CHECK(line.find(" -x TORCHPORT_OF_THE_TEST ") != line.npos);
  CHECK(line.ends_with(" --mca a b /w "));
}

TEST_CASE("engines: Slurm's words tell which rank was lost, and why Slurm itself ended a job", "[engines]") {
  const auto slurm = engines().at("slurm")({});
  const std::string begun = "Slurm job 7: submitted\nSlurm job 7: RUNNING on n[1-2]\n";
  auto end = slurm->how_it_ended(137, begun + "srun: error: n2: task 3: Killed\nsrun: error: n1: task 0: Terminated\n");
  CHECK(end.lost_rank == 3);
  CHECK(end.lost_by == 9);
  CHECK_FALSE(end.error);
  end = slurm->how_it_ended(139, begun + "srun: error: n2: task 1: Segmentation fault (core dumped)\n");
  CHECK(end.lost_rank == 1);
  CHECK(end.lost_by == 11);
  end = slurm->how_it_ended(143,
                            begun + "srun: error: n[1-2]: tasks 2-3: Exited with exit code 5\nsrun: error: n1: task 0: Killed\n");
  CHECK(end.exited_rank == 2);
  CHECK(end.workers_status == 5);
  CHECK_FALSE(end.lost_rank);
  end = slurm->how_it_ended(137, begun + "srun: error: n2: task 1: Exited with exit code 75\nSlurm job 7: PENDING, restart 1\n" +
                                     torchport::runtime::kRestarted + "1\nsrun: error: n1: task 0: Killed\n");
  CHECK(end.lost_rank == 0);
  CHECK_FALSE(end.exited_rank);
  for (const auto& [state, reason] : {std::pair("TIMEOUT", "slurm_timeout"), std::pair("NODE_FAIL, restart 1", "slurm_node"),
                                      std::pair("CANCELLED", "slurm_cancelled"), std::pair("UNKNOWN", "slurm_unknown")}) {
    const auto told = slurm->how_it_ended(1, begun + "Slurm job 7: " + state + "\n").error;
    REQUIRE(told);
    CHECK(told->key() == std::string("TimeoutOccured.") + reason);
    CHECK(std::string(told->what()).find("job 7") != std::string::npos);
  }
  CHECK(slurm->how_it_ended(1, begun + "Slurm job 7: OUT_OF_MEMORY\n").error->key() == "ModuleOutOfMemory.slurm");
  CHECK(slurm->how_it_ended(1, "sbatch: error: Batch job submission failed: no\n").error->what() ==
        std::string("Slurm did not take the job: Batch job submission failed: no"));
}

TEST_CASE("engines: a line of scontrol is read, with and without an end", "[engines]") {
  const auto running =
      read_job_state("JobId=5 JobName=a JobState=RUNNING Reason=None Requeue=1 Restarts=2 ExitCode=0:0 NodeList=n[1-2]\n");
  CHECK(running.state == "RUNNING");
  CHECK(running.nodes == "n[1-2]");
  CHECK(running.restarts == 2);
  CHECK_FALSE(running.ended());
  const auto ended = read_job_state("JobId=5 JobState=FAILED Reason=NonZeroExitCode ExitCode=13:0 NodeList=(null)\n");
  CHECK(ended.ended());
  CHECK(ended.exit_status == 13);
  CHECK(ended.nodes.empty());
  CHECK(read_job_state("slurm_load_jobs error: Invalid job id specified\n").state.empty());
}

TEST_CASE("engines: a job's script keeps every word as it is", "[engines]") {
  Compute compute{"c", "slurm", {}, {{"requeue", true}, {"processing_units", std::int64_t{4}}}, {{"shell", {"module load x"}}}};
  const std::string script =
      job_script(request_with({"--process-count-per-node=2"}), compute, {"/w", "it's $HOME\n`x`"}, "/r", {"sbatch"});
  CHECK(script.find("\nmodule load x\n") != script.npos);
  CHECK(script.find("'--cpus-per-task=2' '/w' 'it'\\''s $HOME\n`x`'\n") != script.npos);
  CHECK(script.find("/{run.json,metrics.jsonl,") != script.npos);  // what an attempt left is moved; what is the training's stays
  CHECK(script.find("logs/failure_*.json") != script.npos);
  CHECK(script.find("first_batch") == script.npos);
  CHECK(script.find("if [[ $status == 75 ]]; then scontrol requeue") != script.npos);
}

TEST_CASE("engines: of mpirun's exit statuses some are a worker's, and its words name a rank that a signal ended", "[engines]") {
  const auto mpirun = engines().at("mpirun")({});
  for (const int status : {2, 13, 15, 70, 75}) CHECK(mpirun->how_it_ended(status, "").workers_status == status);
  for (const int status : {1, 110, 126, 134, 165}) CHECK_FALSE(mpirun->how_it_ended(status, "").workers_status);
  const auto end =
      mpirun->how_it_ended(137, "mpirun noticed that process rank 13 with PID 0 on node 7 exited on signal 9 (Killed).\n");
  CHECK(end.lost_rank == 13);
  CHECK(end.lost_by == 9);
  CHECK_FALSE(mpirun->how_it_ended(134, "mpirun noticed that process rank x").lost_rank);
  CHECK_FALSE(mpirun->how_it_ended(134, "mpirun noticed that process rank 1 exited").lost_rank);
  CHECK(mpirun->how_it_ended(5, "The first process to do so was:\n\n  Process name: [[52105,1],3]\n  Exit code:    5\n")
            .exited_rank == 3);
  CHECK(mpirun->how_it_ended(1, "mpirun has exited due to process rank 4 with PID 0 on\nnode n exiting improperly.").exited_rank ==
        4);
  CHECK_FALSE(mpirun->how_it_ended(1, "").exited_rank);
}

TEST_CASE("engines: local takes this process's place, and refuses several processes", "[engines]") {
  const auto local = engines().at("local")({});
  CHECK(local->command(request_with({}), {"/w"}).empty());
  CHECK(local->refusals(request_with({})).empty());
  const Problems problems = local->refusals(request_with({"--process-count-per-node=2", "--node-count=3"}));
  REQUIRE(problems.all().size() == 2);
  CHECK(problems.all()[0].render("x") ==
        "error[LessThanOrEqualToError] x: --node-count is 3, but must be at most 1 with --engine local, which starts no process "
        "beside "
        "this one\n  hint   Give --engine mpirun, or leave --engine out.\n");
  CHECK(std::string(problems.all()[1].what()).starts_with("--process-count-per-node is 2, but must be at most 1 with "));
}

TEST_CASE("engines and sinks: the flags take the names of the tables, and a wrong one is told with the nearest", "[engines]") {
  CHECK(request_with({}).setting<std::string>("engine") == "auto");
  CHECK(request_with({}).setting<std::string>("sinks") == "console,csv,jsonl");
  CHECK(request_with({"--engine=mpirun"}).setting<std::string>("engine") == "mpirun");
  CHECK(request_with({"--sinks=jsonl"}).setting<std::string>("sinks") == "jsonl");
  CHECK(fault_of_flag("--engine=mpiru") ==
        "error[ParameterParsingError] x: --engine is 'mpiru', which is not one of its values\n"
        "  hint   Did you mean mpirun? Its values are: auto, local, mpirun, slurm.\n");
  CHECK(fault_of_flag("--sinks=console,jsnl") ==
        "error[ParameterParsingError] x: --sinks is 'jsnl', which is not one of its values\n"
        "  hint   Did you mean jsonl? Its values are: console, csv, jsonl, mlflow, prometheus, steps, tensorboard.\n");
  CHECK(fault_of_flag("--sinks=jsonl,") ==
        "error[ParameterParsingError] x: --sinks is '', which is not one of its values\n"
        "  hint   Its values are: console, csv, jsonl, mlflow, prometheus, steps, tensorboard.\n");
  CHECK(fault_of_flag("--sinks=jsonl,console,jsonl") ==
        "error[ParameterParsingError] x: --sinks names 'jsonl' twice\n  hint   Name each once.\n");
}
