// The figures of an epoch, and the lines and rows in which the original reports them (docs/contract.md, "Metrics" and "Log lines").
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "component/training/state.h"
#include "runtime/report/events.h"

namespace torchport::component {

/// Sums over images, over all ranks.
struct Totals {
  double loss = 0, correct1 = 0, correct5 = 0, images = 0;
  double mean_loss() const { return loss / images; }
  double top1() const { return correct1 / images; }
  double top5() const { return correct5 / images; }
};

struct EpochMetrics {
  std::int64_t epoch = 0;  ///< 1-based
  double learning_rate = 0, images_per_second = 0, train_loss = 0, train_error = 0, valid_loss = 0, top1 = 0, top5 = 0;
};

/// One iteration of an epoch, as rank 0 sees it; figures of the global batch.
struct IterationMetrics {
  std::int64_t epoch = 0, epochs = 0, iteration = 0, iterations = 0;  ///< 1-based
  double seconds = 0, seconds_total = 0;                              ///< of this iteration; of the epoch so far
  double images = 0, images_total = 0;
  double loss = 0, loss_total = 0;  ///< sums over images
  double correct = 0, correct_total = 0;
  double learning_rate = 0;
  double eta_seconds = 0;  ///< until the end of the last epoch's training
};

/// The epochs so far: a row of figures for each, and their speeds, which two equal trainings do not share.
void write_epochs(const std::vector<EpochMetrics>& epochs, TrainingState& state);
std::vector<EpochMetrics> read_epochs(const TrainingState& state);

std::string iteration_line(const IterationMetrics& metrics);
std::string epoch_line(const EpochMetrics& metrics);
/// With the seven metric rows of an epoch, in the original's order.
runtime::EpochDone epoch_event(const EpochMetrics& metrics);
runtime::StepDone step_event(const IterationMetrics& metrics);

}  // namespace torchport::component
