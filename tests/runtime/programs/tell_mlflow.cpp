// tell_mlflow FOLDER: the life of a run, two epochs of four steps, for the sink mlflow, by words on standard input, one a line.
// Answers each with a line, which says how many microseconds the sink took.
#include <unistd.h>

#include <cmath>
#include <iostream>

#include "runtime/error/error.h"
#include "runtime/report/events.h"

using namespace torchport::runtime;

namespace {

constexpr std::int64_t kSteps = 4;

StepDone step(std::int64_t number) {
  StepDone done;
  done.epochs = 2;
  done.steps = kSteps;
  done.epoch = (number - 1) / kSteps + 1;
  done.step = (number - 1) % kSteps + 1;
  done.values = {number == 2 ? std::nan("") : 1.0 / static_cast<double>(number), 0.5, 100};
  done.learning_rate = 0.125;
  return done;
}

EpochDone epoch(std::int64_t number, bool before) {
  EpochDone done{number, {}, Time{}, 0};
  done.rows = {{"Train loss", {{"epoch", number}, {"train_loss", 0.5 / static_cast<double>(number)}}},
               {"Top-1 validation accuracy", {{"epoch", number}, {"top1_acc", 0.25 * static_cast<double>(number)}}},
               {"Rank times", {{"epoch", number}, {"rank", std::int64_t{1}}, {"images_per_second", 20.5}, {"data", 0.5}}}};
  if (before) return done;
  done.time = std::chrono::system_clock::now();
  done.steps = number * kSteps;
  return done;
}

RunEnded end(const std::string& how) {
  if (how == "failed") return {{Error("InvalidDataset.categories_differ")}};
  if (how == "stopped") return {{Error("FailedToCompleteOperation.reached", {{"place", "1.2"}, {"path", "p"}, {"as_of", ""}})}};
  return {};
}

void tell(Events& events, const std::string& word, const std::string& about) {
  if (word == "step") events.step(step(std::stoll(about)));
  if (word == "epoch") events.epoch(epoch(std::stoll(about), false));
  if (word == "earlier") events.epoch(epoch(std::stoll(about), true));
  if (word == "result") events.result({{"Evaluation", {{"rows", std::int64_t{7}}, {"accuracy", 0.75}}}});
  if (word == "picture") events.picture({"Confusion (matrix)", [] { return std::string("\x89PNG"); }});
  if (word == "end") events.ended(end(about));
}

}  // namespace

int main(int, char** argv) {
  const std::filesystem::path folder = argv[1];
  Log log({.file = folder / "logs/70_driver_log_0", .console = false});
  Request request;
  request.component = &Specs::get().component("train_pytorch_model");
  request.parameters = {{"epochs", {std::int64_t{2}, "command line"}},
                        {"learning_rate", {0.125, "default"}},
                        {"nesterov", {true, "default"}},
                        {"weights", {std::string("https://user:secret@host/w?sig=secret"), "command line"}}};
  Events events(make_sinks({"mlflow"}, {folder, &log}));
  events.started({request, 2, {{"libtorch", "2.11.0"}}});
  for (std::string word, about; std::cin >> word >> about;) {
    const auto begun = std::chrono::steady_clock::now();
    if (word == "killed") _exit(9);
    tell(events, word, about);
    const auto took = std::chrono::steady_clock::now() - begun;
    std::cout << std::chrono::duration_cast<std::chrono::microseconds>(took).count() << std::endl;
  }
}
