// A training: some steps and a validation pass are tried, and the epochs are made of them.
#include <cstdio>

#include "component/estimate/step_method.h"
#include "datasets/sampler.h"
#include "runtime/files/files.h"
#include "runtime/text/format.h"
#include "runtime/text/json.h"

namespace torchport::component {
namespace {

constexpr std::size_t kMostEvents = std::size_t{16} << 20;  ///< bytes of a trial's steps
constexpr std::int64_t kMostBatch = 32;                     ///< images of a trial's batch: larger ones are scaled from it
constexpr std::size_t kSteps = 8;                           ///< that a trial is to have
constexpr std::int64_t kFewestSteps = 3;                    ///< even if their batches must be small for it
constexpr std::size_t kWarmUpSteps = 2;                     ///< left out of the mean where there are at least as many others
constexpr double kForwardShare = 1.0 / 3;                   ///< of a step's time: the backward pass computes twice as much

std::string figure(double value, int digits) { return runtime::formatted("%.*f", digits, value); }

/// What was seen of the trial, all in seconds.
struct Times {
  double step = 0;        ///< of the steps after those that warm up
  double around = 0;      ///< before the second step and after the validation
  double validation = 0;  ///< 0 where it was not reached
  std::size_t steps = 0;  ///< that `step` is the mean of
};

/// Reads the sink `steps`. Nothing where no second step was done.
std::optional<Times> times_of(const Trial& trial) {
  std::vector<double> steps;
  std::optional<double> validated;
  try {
    std::istringstream lines(runtime::read_file(trial.run_dir / "steps.jsonl", kMostEvents));
    for (std::string line; std::getline(lines, line);) {
      const auto event = runtime::parse_json(line);
      if (event.at("event") == "step") {
        steps.push_back(event.at("time"));
      } else {
        validated = event.at("time");
      }
    }
  } catch (const std::exception&) {  // stopped before the file began, or within a line
  }
  if (steps.size() < 2) return std::nullopt;
  const std::size_t first = steps.size() > 2 * kWarmUpSteps ? kWarmUpSteps : 0;
  Times times;
  times.steps = steps.size() - 1 - first;
  times.step = (steps.back() - steps[first]) / static_cast<double>(times.steps);
  times.validation = validated ? *validated - steps.back() : 0;
  times.around = std::max(0.0, trial.seconds - (steps.back() + times.validation - steps.front()) - times.step);
  return times;
}

class Training : public StepMethod {
 public:
  using StepMethod::StepMethod;

  /// Enough steps, and something for the validation.
  std::size_t images_wanted() const override {
    return 2 * kSteps * static_cast<std::size_t>(std::min(batch(), kMostBatch)) * local_processes();
  }

  StepEstimate estimate(Workbench& bench) override {
    const TrialPort &train = bench.input(step_, "training_dataset"), &valid = bench.input(step_, "validation_dataset");
    const auto share = static_cast<std::int64_t>(*train.trial_images / local_processes());
    const std::int64_t few =
        std::min({batch(), kMostBatch, std::max<std::int64_t>(share / kFewestSteps, std::min<std::int64_t>(2, share))});
    const Trial trial = bench.attempt(step_, {{"epochs", "1"},
                                              {"profile", "0"},
                                              {"checkpoints", "False"},  // a trial that is out of time ends at once
                                              {"progressive_resize", "1"},
                                              {"batch_size", std::to_string(few)},
                                              {"node_count", "1"},
                                              {"sinks", "steps"}});
    const auto seen = times_of(trial);
    if (!seen) return untried(bench);
    const double scale = static_cast<double>(batch()) / static_cast<double>(few);
    const std::size_t world = local_processes() * nodes();
    const datasets::BatchPlan plan(*train.images, static_cast<std::size_t>(batch()), 0, static_cast<int>(world));
    const double trial_batch = static_cast<double>(few) * static_cast<double>(local_processes());
    const double forward = seen->validation > 0 ? seen->validation / static_cast<double>(*valid.trial_images)
                                                : seen->step * kForwardShare / trial_batch;
    const double epochs = static_cast<double>(*value<std::int64_t>("epochs"));
    const double epoch = static_cast<double>(plan.steps()) * seen->step * scale +
                         static_cast<double>(*valid.images) * forward / static_cast<double>(nodes());
    StepEstimate found = row(train.images);
    found.seconds = seen->around + epochs * epoch;
    found.memory = static_cast<double>(trial.peak_bytes) * static_cast<double>(local_processes()) * std::max(1.0, scale);
    const TrialPort made{trial.whole ? trial.outputs / "trained_model" : std::filesystem::path(), {}, {}, forward};
    found.disk = bytes_below(made.path.empty() ? bench.input(step_, "untrained_model").path : made.path);
    bench.output(step_, "trained_model") = made;
    found.basis = std::to_string(seen->steps) + " steps of " + figure(seen->step * 1e3, 0) + " ms (" +
                  figure(trial_batch / seen->step, 1) + " images/s) at batch " + std::to_string(few) + "; " +
                  std::to_string(plan.steps()) + " steps an epoch" +
                  (seen->validation > 0 ? "" : "; validation not reached, taken as a third of a step") +
                  (trial.whole ? "" : "; the model taken to be as large as the untrained one") +
                  (scale > 1 ? "; memory, as time, taken to grow with the batch" : "");
    return found;
  }

 private:
  std::int64_t batch() const { return *value<std::int64_t>("batch_size"); }
};

}  // namespace

std::unique_ptr<StepMethod> train_pytorch_model(const runtime::Step& step) { return std::make_unique<Training>(step); }

}  // namespace torchport::component
