#include "runtime/files/files.h"
#include "runtime/report/events.h"
#include "runtime/version.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport::runtime;
using torchport::test::TemporaryFolder;

namespace {

Time at(double seconds) { return Time(std::chrono::duration_cast<Time::duration>(std::chrono::duration<double>(seconds))); }

StepDone step(std::int64_t number, double loss, double seconds) {
  StepDone done;
  done.epoch = 1;
  done.epochs = 2;
  done.steps = 10;
  done.step = number;
  done.values = {loss, 0.25, 40};
  done.learning_rate = 0.125;
  done.eta_seconds = 12.5;
  done.time = at(seconds);
  return done;
}

std::string content(const std::filesystem::path& file) { return read_file(file, 1 << 20); }

bool has(const std::filesystem::path& file, const std::string& line) {
  return ("\n" + content(file)).find("\n" + line + "\n") != std::string::npos;
}

/// A run in a folder, with the setting where the file goes.
struct Run {
  Request request;
  Events events;
  explicit Run(const std::filesystem::path& run_dir, const std::string& folder = "", Log* log = nullptr)
      : events(make_sinks({"prometheus"}, {run_dir, log})) {
    request.component = &Specs::get().component("train_pytorch_model");
    if (!folder.empty()) request.run_settings["prometheus_folder"] = {folder, "command line"};
    events.started({request, 2, {}, at(100.5)});
  }
};

}  // namespace

TEST_CASE("prometheus: the file has the run's state and its last figures, those of ranks by a label", "[trackers]") {
  const TemporaryFolder folder;
  Run run(folder.path());
  run.events.step(step(1, 0.75, 101));
  run.events.epoch({1,
                    {{"Top-1 validation accuracy", {{"epoch", std::int64_t{1}}, {"top1_acc", 0.5}}},
                     {"Rank times", {{"epoch", std::int64_t{1}}, {"rank", std::int64_t{1}}, {"data", 0.25}, {"computing", 0.75}}}},
                    at(102)});
  run.events.ended({{}, at(103)});
  const std::string label = "{run=\"" + folder.path().string() + "\"";
  const std::string wanted =
      "# HELP torchport_epochs_total Epochs that are validated.\n# TYPE torchport_epochs_total counter\n"
      "torchport_epochs_total" +
      label +
      "} 1\n"
      "# HELP torchport_eta_seconds Until the end of the last epoch's training.\n# TYPE torchport_eta_seconds gauge\n"
      "torchport_eta_seconds" +
      label +
      "} 12.5\n"
      "# HELP torchport_rank_times_computing Rank times/computing, of the last epoch.\n# TYPE torchport_rank_times_computing "
      "gauge\n"
      "torchport_rank_times_computing" +
      label + ",rank=\"1\"} 0.75\n";
  CHECK(content(folder / "metrics.prom").starts_with(wanted));
  for (const char* const line : {"torchport_top_1_validation_accuracy", "torchport_run_exit_status", "torchport_run_running",
                                 "torchport_run_last_event_time_seconds", "torchport_steps_total", "torchport_step_loss"})
    CHECK(content(folder / "metrics.prom").find("\n" + std::string(line) + label) != std::string::npos);
  CHECK(has(folder / "metrics.prom", "torchport_run_running" + label + "} 0"));
  CHECK(has(folder / "metrics.prom", "torchport_run_last_event_time_seconds" + label + "} 103"));
  CHECK(has(folder / "metrics.prom",
            "torchport_run_info" + label + ",component=\"train_pytorch_model\",version=\"" + version() + "\"} 1"));
}

TEST_CASE("prometheus: the file is replaced every five seconds at most, and at the end", "[trackers]") {
  const TemporaryFolder folder;
  Run run(folder.path());
  const std::string loss = "torchport_step_loss{run=\"" + folder.path().string() + "\"} ";
  run.events.step(step(1, 0.75, 102));
  CHECK_FALSE(has(folder / "metrics.prom", loss + "0.75"));
  run.events.step(step(2, 0.5, 105.5));
  CHECK(has(folder / "metrics.prom", loss + "0.5"));
  run.events.step(step(3, 0.25, 106));
  CHECK(has(folder / "metrics.prom", loss + "0.5"));
  run.events.ended({{Error("InvalidDataset.categories_differ")}, at(107)});
  CHECK(has(folder / "metrics.prom", loss + "0.25"));
  CHECK(has(folder / "metrics.prom", "torchport_run_exit_status{run=\"" + folder.path().string() + "\"} 5"));
}

TEST_CASE("prometheus: in the collector's folder each run has a file of its own and leaves nothing else", "[trackers]") {
  const TemporaryFolder folder, collector;
  for (const char* const name : {"a", "b"}) {
    std::filesystem::create_directory(folder / name);
    std::filesystem::create_directory(folder / name / "run-1");
    Run(folder / name / "run-1", collector.path().string()).events.ended({{}, at(103)});
  }
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(collector.path())) names.insert(entry.path().filename().string());
  CHECK(names.size() == 2);
  for (const std::string& name : names) CHECK((name.starts_with("torchport_run-1_") && name.ends_with(".prom")));
}

TEST_CASE("prometheus: a folder that cannot be written is told once, and the run goes on", "[trackers]") {
  const TemporaryFolder folder;
  Log log({folder / "log", false, false});
  Run run(folder.path(), (folder / "absent").string(), &log);
  run.events.step(step(1, 0.75, 110));
  run.events.ended({{}, at(120)});
  const std::string said = content(folder / "log");
  CHECK(said.find("The file for Prometheus is not written any more: ") != std::string::npos);
  CHECK(said.find("Prometheus") == said.rfind("Prometheus"));
}
