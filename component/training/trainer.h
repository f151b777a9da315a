// Trains a network on one dataset and validates it on another, epoch by epoch, on every rank alike.
// Called by component/train_pytorch_model.cpp; knows neither specs nor directories' metadata, only values.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "component/images/bad_images.h"
#include "component/training/gradient_buckets.h"
#include "component/training/metrics.h"
#include "component/training/options.h"
#include "component/training/profiler.h"
#include "component/training/recipe/epoch_rules.h"
#include "component/training/recipe/optimizer.h"
#include "component/training/recipe/progressive_size.h"
#include "component/training/recipe/weight_average.h"
#include "datasets/directory/image_directory.h"
#include "datasets/loading/loader.h"
#include "datasets/sampler.h"
#include "models/nn/classifier.h"
#include "runtime/collective.h"
#include "runtime/report/events.h"
#include "runtime/report/log.h"
#include "runtime/report/position.h"

namespace torchport::component {

/// What a training reads. Both datasets have the same categories and images of one size.
struct TrainingData {
  const datasets::ImageDirectory& train;
  const datasets::ImageDirectory& valid;
  datasets::ImageSize size;
  datasets::Normalisation normalisation;
  std::int64_t minimum_size;  ///< the smallest edge that the network takes, pixels
};

struct TrainResult {
  std::vector<EpochMetrics> epochs;
  std::int64_t kept_epoch = 0;  ///< 1-based: the epoch whose weights the network now holds
  bool stopped_early = false;
};

class Trainer {
 public:
  /// `network` starts from its present weights (those of rank 0 on every rank), and its frozen parameters keep them. Everything
  /// referred to must outlive the trainer.
  Trainer(TrainerOptions options, TrainingData data, models::Classifier network, runtime::Collective& collective, runtime::Log& log,
          runtime::Events& events, runtime::Position& position);

  /// Trains to the end. Afterwards rank 0's network holds the weights that are to come out.
  /// \throws Error NaN.* (loss not finite), UserError.* (unreadable images), the same on all ranks in the same step
  TrainResult run();

 private:
  /// Consecutive batches [begin, end) of an epoch after which the weights change once.
  struct Update {
    std::size_t begin, end, images;  ///< images over all ranks
  };
  /// The outcome of one batch, summed over ranks.
  struct BatchSums {
    double loss = 0, correct = 0;
  };
  EpochMetrics train_epoch(std::int64_t epoch);
  Update update_from(std::size_t step) const;
  std::vector<BatchSums> run_update(const Update& update, double learning_rate);
  std::optional<runtime::Error> add_gradients(std::size_t step, const Update& update, std::span<double> statistics);
  at::Tensor loss_and_statistics(const datasets::Batch& batch, std::size_t global_images, std::span<double> statistics);
  void check_finite(const Update& update, std::span<const BatchSums> sums, double learning_rate);
  void validate(EpochMetrics& metrics);
  void begin_pass(std::int64_t epoch);
  void report(IterationMetrics& metrics, double step_seconds);
  void warn_of_long_training(const IterationMetrics& metrics);
  void keep_if_best(const EpochMetrics& metrics);
  void restore_best();

  const TrainerOptions options_;
  const TrainingData data_;
  models::Classifier network_;
  runtime::Collective& collective_;
  runtime::Log& log_;
  runtime::Events& events_;
  runtime::Position& position_;
  Profiler profiler_;            // before the loaders, so that it outlives their threads
  datasets::CacheBudget cache_;  // training images come first: they are read first
  datasets::Loader train_loader_, valid_loader_;
  BadImages bad_train_, bad_valid_;
  datasets::BatchPlan plan_;
  GradientBuckets buckets_;
  Sgd optimizer_;
  std::optional<WeightAverage> average_;
  const ProgressiveSize sizes_;
  datasets::ImageSize size_;  // of this epoch's training images
  BestEpoch best_;
  EarlyStop early_stop_;
  std::vector<at::Tensor> best_weights_;  // rank 0: copies of parameters and buffers of the best epoch
  std::int64_t epoch_ = 0, step_ = 0;     // 1-based; 0 before the first
  double warm_up_seconds_ = 0;            // of the steps that the prediction leaves out
};

/// The parameters that are not frozen.
std::vector<at::Tensor> trainable_parameters(const models::ClassifierModule& network);

/// Seconds since the operating system started this process.
double seconds_since_process_start();

}  // namespace torchport::component
