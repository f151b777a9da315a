#include "runtime/files/files.h"
#include "runtime/report/events.h"
#include "runtime/report/figures.h"
#include "runtime/tracking/event_file.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport::runtime;
using torchport::test::TemporaryFolder;

namespace {

constexpr std::size_t kMost = 1 << 20;

Time at(double seconds) { return Time(std::chrono::duration_cast<Time::duration>(std::chrono::duration<double>(seconds))); }

/// What TensorBoard's own writer made of the same events: tests/ecosystem/golden_tensorboard.py.
std::string golden(const char* name) { return read_file(torchport::test::source() / "tests/data/trackers" / name, kMost); }

std::string content(const std::filesystem::path& folder, std::size_t number = 0) {
  return read_file(event_files(folder).at(number), kMost);
}

/// A run that begins, with one parameter of each type.
struct Begun {
  Request request;
  explicit Begun() {
    request.component = &Specs::get().component("train_pytorch_model");
    request.parameters = {{"epochs", {std::int64_t{2}, "command line"}},
                          {"keep", {std::string("best"), "default"}},
                          {"learning_rate", {0.25, "default"}},
                          {"nesterov", {true, "default"}},
                          {"weights", {std::string("https://user:secret@host/w?sig=secret"), "command line"}}};
  }
  void tell(Events& events, double seconds) const { events.started({request, 4, {}, at(seconds)}); }
};

/// Of two epochs of two steps each.
StepDone step(std::int64_t epoch, std::int64_t number, double loss, double seconds) {
  StepDone done;
  done.epoch = epoch;
  done.epochs = done.steps = 2;
  done.step = number;
  done.values = {loss, 0.25, 40};
  done.learning_rate = 0.125;
  done.time = at(seconds);
  return done;
}

EpochDone epoch(Time time, bool ranks) {
  EpochDone done{1, {{"Train loss", {{"epoch", std::int64_t{1}}, {"train_loss", 0.625}}}}, time, 2};
  const MetricRow times{"Rank times",
                        {{"epoch", std::int64_t{1}}, {"rank", std::int64_t{1}}, {"images_per_second", 20.5}, {"data", 0.5}}};
  if (ranks) done.rows.push_back(times);
  return done;
}

Events tensorboard_in(const std::filesystem::path& folder) { return Events(make_sinks({"tensorboard"}, {folder, nullptr})); }

/// The first epoch of the two.
void train_one_epoch(const std::filesystem::path& folder) {
  Events events = tensorboard_in(folder);
  Begun().tell(events, 100.5);
  events.step(step(1, 1, 0.75, 101.25));
  events.step(step(1, 2, 0.5, 102.25));
  events.epoch(epoch(at(103.5), true));
  const std::function<std::string()> png = [] { return std::string("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x03\0\0\0\x02", 24); };
  events.picture({"Confusion matrix", png, at(104)});
  events.ended({{}, at(105)});
}

}  // namespace

TEST_CASE("tensorboard: a run's events become the bytes that TensorBoard's own writer makes", "[trackers]") {
  const TemporaryFolder folder;
  train_one_epoch(folder.path());
  CHECK(content(folder / "tb") == golden("training.tfevents"));
  const std::string name = event_files(folder / "tb").at(0).filename().string();
  CHECK(name.starts_with("events.out.tfevents.0000000100."));
}

TEST_CASE("tensorboard: a training that goes on takes back what older files have behind that place", "[trackers]") {
  const TemporaryFolder folder;
  train_one_epoch(folder.path());
  {
    Events events = tensorboard_in(folder.path());
    Begun().tell(events, 200.5);
    events.epoch(epoch(Time{}, false));  // of the run before
    events.step(step(2, 1, 0.375, 201.25));
    events.ended({{Error("InvalidDataset.categories_differ")}, at(205)});
  }
  REQUIRE(event_files(folder / "tb").size() == 2);
  CHECK(content(folder / "tb", 0) == golden("training.tfevents"));
  CHECK(content(folder / "tb", 1) == golden("goes_on.tfevents"));
}

TEST_CASE("tensorboard: a new training in the folder of an old one leaves its curves to tb.1, and a newer file comes last",
          "[trackers]") {
  const TemporaryFolder folder;
  train_one_epoch(folder.path());
  train_one_epoch(folder.path());
  CHECK(content(folder / "tb.1") == golden("training.tfevents"));
  CHECK(event_files(folder / "tb").size() == 1);
  EventFile(folder / "tb", at(50)).close();  // a clock that was put back
  CHECK(event_files(folder / "tb").at(1).filename().string().starts_with("events.out.tfevents.0000000101."));
}

TEST_CASE("tensorboard: a stopped run has no end, and a run without figures no file", "[trackers]") {
  const TemporaryFolder folder;
  {
    Events events = tensorboard_in(folder.path());
    Begun().tell(events, 100.5);
    events.ended({{Error("InvalidDataset.categories_differ")}});
  }
  CHECK(event_files(folder / "tb").empty());
  Events events = tensorboard_in(folder.path());
  Begun().tell(events, 100.5);
  events.step(step(1, 1, 0.75, 101.25));
  const std::string before = content(folder / "tb");
  events.ended({{Error("FailedToCompleteOperation.reached", {{"place", "1.1"}, {"path", "p"}, {"as_of", ""}})}});
  CHECK(content(folder / "tb") == before);
}

TEST_CASE("figures: names as in metrics.jsonl, a rank within", "[trackers]") {
  const auto names = [](const MetricRow& row) {
    std::string all;
    for (const Figure& figure : figures_of(row)) all += figure.name + "=" + std::to_string(figure.value) + ";";
    return all;
  };
  CHECK(names(epoch({}, true).rows[0]) == "Train loss=0.625000;");
  CHECK(names(epoch({}, true).rows[1]) == "Rank times/1/images_per_second=20.500000;Rank times/1/data=0.500000;");
  CHECK(names({"Evaluation", {{"rows", std::int64_t{4}}, {"accuracy", 0.75}}}) ==
        "Evaluation/rows=4.000000;Evaluation/accuracy=0.750000;");
}

TEST_CASE("figures: of a long training at most 10,000 steps are kept, the same ones whenever it goes on", "[trackers]") {
  StepDone done;
  done.epochs = 90;
  done.steps = 5000;
  std::size_t kept = 0;
  for (done.epoch = 1; done.epoch <= done.epochs; ++done.epoch)
    for (done.step = 1; done.step <= done.steps; ++done.step) kept += is_kept(done) ? 1 : 0;
  CHECK(kept == 10'000);
  CHECK(is_kept(step(2, 2, 0, 0)));
}
