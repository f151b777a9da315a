// Trains a network on one dataset and validates it on another, epoch by epoch, on every rank alike: from where its state stands.
// Called by component/train_pytorch_model.cpp; knows neither specs nor directories' metadata, only values.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "component/images/bad_images.h"
#include "component/training/boundary.h"
#include "component/training/feed.h"
#include "component/training/kept_weights.h"
#include "component/training/metrics.h"
#include "component/training/options.h"
#include "component/training/profiler.h"
#include "component/training/recipe/epoch_rules.h"
#include "component/training/recipe/rate_finder.h"
#include "component/training/state.h"
#include "component/training/surroundings.h"
#include "component/training/updates.h"
#include "models/nn/classifier.h"

namespace torchport::component {

struct TrainResult {
  std::vector<EpochMetrics> epochs;
  std::int64_t kept_epoch = 0;  ///< 1-based: the epoch whose weights the network now holds; 0 where the training was interrupted
  bool stopped_early = false;
};

class Trainer {
 public:
  /// `network`, on the host, starts from its present weights (those of rank 0 on every rank), and its frozen parameters keep them.
  /// It is moved to the device, on which this thread computes on a stream of the trainer's own while that lives. Everything
  /// referred to must outlive the trainer.
  Trainer(TrainerOptions options, TrainingData data, models::Classifier network, Surroundings around);

  /// Trains to the end, or until `boundary` says so. After the end, rank 0's network holds the weights that are to come out.
  /// \throws Error NaN.* (loss not finite), UserError.* (unreadable images), the same on all ranks in the same step
  TrainResult run(Boundary& boundary);

  /// The losses of up to `updates` updates whose learning rate rises, the first of the training's data; then all is as it was
  /// before, bit for bit. \pre the training has not begun. \throws Error UserError.* as run()
  RateFinder::Curve find_learning_rate(std::int64_t updates);
  bool has_begun() const { return epoch_ > 0 || next_step_ > 0; }

  /// From what one trainer wrote, while it told where it stands, another one with the same arguments trains to the same bits. With
  /// steps of more or fewer images it begins an epoch that was under way at about the same image.
  void write(TrainingState& state) const;
  /// "<epoch>.<step>": the epoch under way, counted from 1, and how many of its steps are done.
  std::string place() const { return std::to_string(epoch_ + 1) + "." + std::to_string(next_step_); }
  void read(const TrainingState& state);

 private:
  void say_what_changes_nothing();
  void train_epoch(Boundary& boundary);
  void validate(Boundary& boundary);
  std::size_t same_step(const TrainingState& state) const;
  void tell(Boundary& boundary, Place place, const Wishes& wishes);

  const TrainerOptions options_;
  const TrainingData data_;
  const OwnStream stream_;  // before all that lies on the device
  models::Classifier network_;
  Surroundings around_;
  Profiler profiler_;            // before the loaders, so that it outlives their threads
  datasets::CacheBudget cache_;  // training images come first: they are read first
  BatchFeed feed_;
  NetworkInput valid_input_;
  StagedLoader valid_loader_;
  BadImages bad_train_, bad_valid_;
  KeptWeights kept_;
  TrainingStep step_;
  Progress progress_;
  RankTimes times_;
  Updates updates_;
  EarlyStop early_stop_;
  TrainResult result_;
  std::int64_t epoch_ = 0;     // 0-based: under way, or next
  std::size_t next_step_ = 0;  // of that epoch
  double learning_rate_ = 0;   // of that epoch
  bool interrupted_ = false;
};

}  // namespace torchport::component
