// What a training tells while it goes on: sums and times of an epoch, its log lines and events, when it will end, and whether it
// takes so long that a GPU is worth having. Called by the trainer after each update and each validation.
#pragma once
#include <chrono>
#include <cstdint>
#include <span>

#include "component/training/metrics.h"
#include "component/training/state.h"
#include "component/training/step.h"
#include "runtime/report/events.h"
#include "runtime/report/log.h"

namespace torchport::component {

struct ProgressOptions {
  std::int64_t epochs, iterations;  ///< of the training, of an epoch
  std::int64_t print_freq;          ///< iterations
  double gpu_advice_seconds;        ///< a predicted training time above which one warning advises a GPU
};

class Progress {
 public:
  Progress(const ProgressOptions& options, runtime::Log& log, runtime::Events& events);

  /// `epoch` counts from 1.
  void begin_epoch(std::int64_t epoch, double learning_rate);
  /// The time until the next updated() is that of its iterations.
  void start_clock();
  /// The next iterations of the epoch: their sums, and how many images each had over all ranks.
  void updated(std::span<const StepSums::Batch> batches, std::span<const std::size_t> images);
  /// The epoch's training so far.
  EpochMetrics trained() const;
  /// `ranks`: rows that follow those of the epoch.
  void validated(const EpochMetrics& metrics, std::vector<runtime::MetricRow> ranks);

  void write(TrainingState& state) const;
  /// `iteration`: how many of the epoch under way are done.
  void read(const TrainingState& state, std::int64_t iteration);

 private:
  void iteration_done(double seconds);
  void warn_of_long_training();

  const ProgressOptions options_;
  runtime::Log& log_;
  runtime::Events& events_;
  IterationMetrics now_;
  double warm_up_seconds_ = 0;  // of the steps that the prediction leaves out
  std::chrono::steady_clock::time_point last_;
};

}  // namespace torchport::component
