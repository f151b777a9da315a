#include "component/training/progress.h"

#include <algorithm>

#include "component/training/process_clock.h"
#include "runtime/text/format.h"

namespace torchport::component {

namespace {

// The first steps pay for warming up; the training time is predicted from those after them.
constexpr std::int64_t kPredictFrom = 3, kPredictAt = 8;

}  // namespace

Progress::Progress(const ProgressOptions& options, runtime::Log& log, runtime::Events& events)
    : options_(options), log_(log), events_(events) {}

void Progress::begin_epoch(std::int64_t epoch, double learning_rate) {
  now_ = {};
  now_.epoch = epoch;
  now_.epochs = options_.epochs;
  now_.iterations = options_.iterations;
  now_.learning_rate = learning_rate;
}

void Progress::start_clock() { last_ = std::chrono::steady_clock::now(); }

void Progress::updated(std::span<const StepSums::Batch> batches, std::span<const std::size_t> images) {
  const auto now = std::chrono::steady_clock::now();
  const double seconds = std::chrono::duration<double>(now - last_).count() / static_cast<double>(batches.size());
  last_ = now;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    now_.images = static_cast<double>(images[i]);
    now_.loss = batches[i].loss;
    now_.correct = batches[i].correct;
    iteration_done(seconds);
  }
}

void Progress::iteration_done(double seconds) {
  IterationMetrics& m = now_;
  ++m.iteration;
  m.seconds = seconds;
  m.seconds_total += seconds;
  m.images_total += m.images;
  m.loss_total += m.loss;
  m.correct_total += m.correct;
  const std::int64_t done = (m.epoch - 1) * m.iterations + m.iteration;
  m.eta_seconds = m.seconds_total / static_cast<double>(m.iteration) * static_cast<double>(m.epochs * m.iterations - done);
  if (done == 1) {
    log_.info(runtime::formatted("First step done %.2f s after the process started.", seconds_since_process_start()));
  }
  if ((m.iteration - 1) % options_.print_freq == 0) log_.info(iteration_line(m));
  warn_of_long_training();
  events_.step(step_event(m));
}

void Progress::warn_of_long_training() {
  static_assert(kPredictFrom < kPredictAt);
  const IterationMetrics& m = now_;
  if (m.epoch != 1) return;
  if (m.iteration <= kPredictFrom) warm_up_seconds_ = m.seconds_total;
  if (m.iteration != std::min(kPredictAt, m.iterations) || m.iteration <= kPredictFrom) return;
  const double per_step = (m.seconds_total - warm_up_seconds_) / static_cast<double>(m.iteration - kPredictFrom);
  const double predicted = per_step * static_cast<double>(m.iterations * m.epochs);
  if (predicted <= options_.gpu_advice_seconds) return;
  log_.warning(runtime::formatted(
      "The first steps predict %.1f hours of training on this CPU: a GPU is recommended for large datasets.", predicted / 3600));
}

EpochMetrics Progress::trained() const {
  EpochMetrics metrics;
  metrics.epoch = now_.epoch;
  metrics.learning_rate = now_.learning_rate;
  metrics.images_per_second = now_.images_total / now_.seconds_total;
  metrics.train_loss = now_.loss_total / now_.images_total;
  metrics.train_error = 1.0 - now_.correct_total / now_.images_total;
  return metrics;
}

void Progress::validated(const EpochMetrics& metrics, std::vector<runtime::MetricRow> ranks) {
  log_.info(epoch_line(metrics));
  runtime::EpochDone event = epoch_event(metrics);
  event.steps = metrics.epoch * options_.iterations;
  std::move(ranks.begin(), ranks.end(), std::back_inserter(event.rows));
  events_.epoch(event);
}

void Progress::write(TrainingState& state) const {
  state.set("progress.epoch", now_.epoch);
  state.set("progress.learning_rate", now_.learning_rate);
  state.set("clock.seconds", now_.seconds_total);
  state.set("clock.warm_up_seconds", warm_up_seconds_);
  state.set("progress.images", now_.images_total);
  state.set("progress.loss", now_.loss_total);
  state.set("progress.correct", now_.correct_total);
}

void Progress::read(const TrainingState& state, std::int64_t iteration) {
  begin_epoch(state.integer("progress.epoch"), state.real("progress.learning_rate"));
  now_.iteration = iteration;
  now_.seconds_total = state.real("clock.seconds");
  warm_up_seconds_ = state.real("clock.warm_up_seconds");
  now_.images_total = state.real("progress.images");
  now_.loss_total = state.real("progress.loss");
  now_.correct_total = state.real("progress.correct");
}

}  // namespace torchport::component
