#include "runtime/launch/engine.h"

#include "runtime/launch/launch.h"
#include "tests/support/catch.h"

using torchport::runtime::engines;
using torchport::runtime::Error;
using torchport::runtime::Problems;
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
  const auto mpirun = engines().at("mpirun")();
  const std::vector<std::string> worker = {"/w", "run", "c", "--x"};
  CHECK(mpirun->command(request_with({"--process-count-per-node=2"}), worker) ==
        std::vector<std::string>{"mpirun", "--bind-to", "none", "--oversubscribe", "-np", "2", "-x", "TORCHPORT_RUN_DIR", "-x",
                                 "TORCHPORT_RUN_READY", "-x", "TORCHPORT_TERMINAL", "/w", "run", "c", "--x"});
  CHECK(mpirun->command(request_with({"--allow-run-as-root"}), worker)[1] == "--allow-run-as-root");
}

TEST_CASE("engines: of mpirun's exit statuses some are a worker's, and its words name a rank that a signal ended", "[engines]") {
  const auto mpirun = engines().at("mpirun")();
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
  const auto local = engines().at("local")();
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
  CHECK(request_with({}).setting<std::string>("sinks") == "console,jsonl");
  CHECK(request_with({"--engine=mpirun"}).setting<std::string>("engine") == "mpirun");
  CHECK(request_with({"--sinks=jsonl"}).setting<std::string>("sinks") == "jsonl");
  CHECK(fault_of_flag("--engine=mpiru") ==
        "error[ParameterParsingError] x: --engine is 'mpiru', which is not one of its values\n"
        "  hint   Did you mean mpirun? Its values are: auto, local, mpirun.\n");
  CHECK(fault_of_flag("--sinks=console,jsnl") ==
        "error[ParameterParsingError] x: --sinks is 'jsnl', which is not one of its values\n"
        "  hint   Did you mean jsonl? Its values are: console, jsonl, steps.\n");
  CHECK(fault_of_flag("--sinks=jsonl,") ==
        "error[ParameterParsingError] x: --sinks is '', which is not one of its values\n"
        "  hint   Its values are: console, jsonl, steps.\n");
  CHECK(fault_of_flag("--sinks=jsonl,console,jsonl") ==
        "error[ParameterParsingError] x: --sinks names 'jsonl' twice\n  hint   Name each once.\n");
}
