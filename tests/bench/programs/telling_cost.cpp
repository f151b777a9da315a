// What it costs a training to be seen: events to all sinks, among them an MLflow that is not there, and the look at its first
// batch. Run by tests/bench/overheads.py:
//   telling_cost FOLDER STEPS EPOCHS
// Prints the CPU seconds of all threads for a training of EPOCHS epochs of STEPS steps on two ranks, and for the first batch (32
// images of 224 x 224), a median. FOLDER must not be there; it is removed.
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "component/training/first_batch.h"
#include "runtime/report/events.h"
#include "tests/bench/programs/clocks.h"
#include "tests/support/paths.h"

using namespace torchport;

namespace {

constexpr int kRounds = 5;

runtime::StepDone step_of(std::int64_t epoch, std::int64_t epochs, std::int64_t step, std::int64_t steps) {
  runtime::StepDone done;
  done.epoch = epoch;
  done.epochs = epochs;
  done.step = step;
  done.steps = steps;
  done.values = done.epoch_so_far = {1.0 / static_cast<double>(step + epoch), 0.5, 123.4};
  done.learning_rate = 0.125;
  return done;
}

/// The rows that an epoch of two ranks has.
runtime::EpochDone epoch_of(std::int64_t epoch, std::int64_t steps) {
  runtime::EpochDone done;
  done.epoch = epoch;
  done.steps = epoch * steps;
  for (const auto& [name, column] :
       {std::pair("learning rate", "lr"), std::pair("Train images per second", "train_ips"), std::pair("Train loss", "train_loss"),
        std::pair("Train error", "train_error"), std::pair("Valid loss", "valid_loss"),
        std::pair("Top-1 validation accuracy", "top1_acc"), std::pair("Top-5 validation accuracy", "top5_acc")})
    done.rows.push_back({name, {{"epoch", epoch}, {column, 0.5}}});
  for (std::int64_t rank = 0; rank < 2; ++rank)
    done.rows.push_back({"Rank times",
                         {{"epoch", epoch},
                          {"rank", rank},
                          {"images_per_second", 20.5},
                          {"data", 0.1},
                          {"computing", 0.6},
                          {"communicating", 0.2},
                          {"checkpointing", 0.1}}});
  return done;
}

double cost_of_telling(const std::filesystem::path& folder, std::int64_t steps, std::int64_t epochs) {
  setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9", 1);  // nobody answers there
  std::filesystem::create_directories(folder / "logs");
  runtime::Log log({.file = folder / "logs/70_driver_log_0", .console = false});
  runtime::Request request;
  request.component = &runtime::Specs::get().component("train_pytorch_model");
  std::vector<std::string> names;
  for (const auto& [name, sink] : runtime::sinks()) names.emplace_back(name);
  const double begun = bench::cpu_seconds();
  {
    runtime::Events events(runtime::make_sinks(names, {folder, &log}));
    events.started({request, 2, {{"libtorch", "2.11.0"}}});
    for (std::int64_t epoch = 1; epoch <= epochs; ++epoch) {
      for (std::int64_t step = 1; step <= steps; ++step) events.step(step_of(epoch, epochs, step, steps));
      events.epoch(epoch_of(epoch, steps));
    }
    events.ended({});
  }
  return bench::cpu_seconds() - begun;
}

double cost_of_first_batch(const std::filesystem::path& folder) {
  runtime::Log log({.file = folder / "run/logs/first", .console = false});
  const auto images = datasets::ImageDirectory::open(test::original("image_directory_labelled"), "dataset");
  const component::TrainingData data{images, images, {224, 224}, {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}, 1};
  const component::Device host;
  component::StepBatch batch;
  batch.size = data.size;
  batch.numbers.fill(1);
  component::StepInputs inputs;
  inputs.images = at::rand({32, 3, 224, 224}).contiguous(at::MemoryFormat::ChannelsLast);
  inputs.labels = at::zeros({32}, at::kLong);
  std::vector<double> seconds;
  for (int i = 0; i <= kRounds; ++i) {
    runtime::Events events(runtime::make_sinks({"tensorboard"}, {folder / ("run-" + std::to_string(i)), &log}));
    component::FirstBatch first(folder / "first_batch.json", data, host, log);
    const double begun = bench::cpu_seconds();
    first.begin(1, 1);
    first.offer(batch, inputs);
    first.write();
    first.show(events);
    if (i > 0) seconds.push_back(bench::cpu_seconds() - begun);
  }
  return bench::median(seconds);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::filesystem::path folder = argv[1];
  const double telling = cost_of_telling(folder / "run", std::atoll(argv[2]), std::atoll(argv[3]));
  const double first = cost_of_first_batch(folder);
  std::filesystem::remove_all(folder);
  std::printf("%.5f %.5f\n", telling, first);
}
