#include "runtime/report/events.h"

#include "runtime/files/files.h"
#include "runtime/report/position.h"
#include "runtime/text/python_json.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using torchport::runtime::Error;
using torchport::runtime::Events;
using torchport::runtime::make_sinks;
using torchport::runtime::Position;
using torchport::runtime::python_float;
using torchport::runtime::python_string;
using torchport::runtime::read_file;
using torchport::runtime::RunEnded;
using torchport::runtime::StepDone;
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
  Events events(make_sinks({"jsonl"}, {folder.path(), nullptr}));
  events.step({});  // not recorded
  events.epoch({1,
                {{"learning rate", {{"epoch", std::int64_t{1}}, {"lr", 0.001}}},
                 {"Train images per second", {{"epoch", std::int64_t{1}}, {"train_ips", 44.36588572581268}}}}});
  const std::string golden = read_file(torchport::test::original("runs/train.jsonl"), 1 << 30);
  const std::string two_rows = read_file(folder / "metrics.jsonl", 1 << 30);  // each line is there as soon as it was sent
  CHECK(std::count(two_rows.begin(), two_rows.end(), '\n') == 2);
  CHECK(two_rows == golden.substr(0, two_rows.size()));
  events.output({"trained_model_outputs", {"_meta.yaml", "model"}});
  events.ended({});
  CHECK(read_file(folder / "metrics.jsonl", 1 << 30).substr(two_rows.size()) ==
        R"({"kind": "upload_folder", "name": "trained_model_outputs", "files": ["_meta.yaml", "model"]})"
        "\n" +
            golden.substr(golden.rfind("{\"kind\"")));
}

TEST_CASE("events: a figure of a run without epochs is a row of its own", "[events]") {
  const TemporaryFolder folder;
  Events events(make_sinks({"jsonl"}, {folder.path(), nullptr}));
  events.result({{"Evaluation", {{"rows", std::int64_t{4}}, {"accuracy", 0.75}}}});
  CHECK(read_file(folder / "metrics.jsonl", 1 << 30) ==
        "{\"kind\": \"log_row\", \"name\": \"Evaluation\", \"row\": {\"rows\": 4, \"accuracy\": 0.75}}\n");
}

TEST_CASE("events: only the sinks that were named are made", "[events]") {
  const TemporaryFolder folder;
  Events(make_sinks({"console"}, {folder.path(), nullptr})).epoch({1, {{"x", {{"epoch", std::int64_t{1}}}}}});
  CHECK_FALSE(std::filesystem::exists(folder / "metrics.jsonl"));
}

namespace {

/// Writes down the life of a run.
class Notes : public torchport::runtime::Sink {
 public:
  explicit Notes(std::string& text) : text_(text) {}
  void started(const torchport::runtime::RunStarted& run) override {
    text_ += "started " + run.request.component->name + " " + std::to_string(run.world_size) +
             " epochs=" + std::to_string(run.request.get<std::int64_t>("epochs")) + " of " +
             run.request.parameters.at("epochs").origin + " data=" + run.request.inputs.at("training_dataset").string() +
             " libtorch=" + run.versions.at("libtorch") + "\n";
  }
  void step(const StepDone& done) override { text_ += "step " + std::to_string(done.global_step()) + "\n"; }
  void epoch(const torchport::runtime::EpochDone& done) override { text_ += "epoch " + std::to_string(done.epoch) + "\n"; }
  void result(const torchport::runtime::ResultFound& found) override { text_ += "result " + found.row.name + "\n"; }
  void output(const torchport::runtime::OutputWritten& written) override { text_ += "output " + written.name + "\n"; }
  void ended(const RunEnded& end) override { text_ += "ended " + end.status() + "\n"; }

 private:
  std::string& text_;
};

}  // namespace

TEST_CASE("events: every sink sees the whole life of a run", "[events]") {
  torchport::runtime::Problems problems;
  const auto& component = torchport::runtime::Specs::get().component("train_pytorch_model");
  const auto request = torchport::runtime::parse_request(component, {"--train-data-path=d", "--epochs=3"}, problems);
  std::string text, again;
  std::vector<std::unique_ptr<torchport::runtime::Sink>> two;
  two.push_back(std::make_unique<Notes>(text));
  two.push_back(std::make_unique<Notes>(again));
  Events events(std::move(two));
  events.started({request, 2, {{"libtorch", "2.11.0"}}});
  StepDone step;
  step.epoch = 1;
  step.step = 7;
  events.step(step);
  events.epoch({1, {}});
  events.result({{"Evaluation", {}}});
  events.output({"trained_model_outputs", {}});
  events.ended({{Error("InvalidDataset.categories_differ")}});
  CHECK(text ==
        "started train_pytorch_model 2 epochs=3 of command line data=d libtorch=2.11.0\n"
        "step 7\nepoch 1\nresult Evaluation\noutput trained_model_outputs\nended failed\n");
  CHECK(again == text);
}

TEST_CASE("events: a step counts over all epochs, and a run ends ok, failed or stopped", "[events]") {
  StepDone step;
  step.epoch = 3;
  step.steps = 10;
  step.step = 4;
  CHECK(step.global_step() == 24);
  CHECK(step.time <= std::chrono::system_clock::now());
  CHECK(RunEnded{}.status() == "ok");
  CHECK(RunEnded{{Error("InvalidDataset.categories_differ")}}.status() == "failed");
  CHECK(RunEnded{{Error("InvalidDataset.categories_differ")}}.exit_status() == 5);
}

TEST_CASE("position: that of the last step begun", "[events]") {
  Position position;
  CHECK(position.text() == "-");
  position.at(3, 17);
  CHECK(position.text() == "3.17");
}

TEST_CASE("events: the sink steps writes each step and epoch with its time, as soon as it was sent", "[events]") {
  const TemporaryFolder folder;
  Events events(make_sinks({"steps"}, {folder.path(), nullptr}));
  const auto at = [](double seconds) {
    return torchport::runtime::Time(
        std::chrono::duration_cast<torchport::runtime::Time::duration>(std::chrono::duration<double>(seconds)));
  };
  StepDone step;
  step.epoch = 1;
  step.step = 2;
  step.values = {0.5, 0.25, 40};
  step.learning_rate = 0.001;
  step.time = at(1.5);
  events.step(step);
  events.epoch({1, {}, at(2.25)});
  CHECK(read_file(folder / "steps.jsonl", 1 << 30) ==
        "{\"event\":\"step\",\"time\":1.5,\"epoch\":1,\"step\":2,\"loss\":0.5,\"images_per_second\":40.0,\"learning_rate\":0.001}\n"
        "{\"event\":\"epoch\",\"time\":2.25,\"epoch\":1}\n");
}
