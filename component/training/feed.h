// The inputs of any step of any epoch: order, slice, loader, the way to the device, normalised, shrunk and mixed.
// Called by the trainer, which hands them to TrainingStep.
#pragma once
#include <array>
#include <vector>

#include "component/training/network_input.h"
#include "component/training/options.h"
#include "component/training/recipe/progressive_size.h"
#include "component/training/step.h"
#include "datasets/sampler.h"

namespace torchport::component {

/// One batch, before anything is computed with it.
struct StepBatch {
  at::Tensor images, labels;                        ///< as StagedLoader gives them
  std::array<float, StepInputs::kNumbers> numbers;  ///< StepInputs::numbers
  at::Tensor key;                                   ///< StepInputs::key, on the host
  bool mixed = false;                               ///< StepInputs::mixed
  datasets::ImageSize size;                         ///< which the network gets
};

class BatchFeed {
 public:
  /// Everything but `options` must outlive the feed. `control`: of which rank it is the feed.
  BatchFeed(const TrainerOptions& options, const TrainingData& data, const Device& device, datasets::CacheBudget& cache,
            const runtime::Control& control, runtime::Log& log);

  const datasets::BatchPlan& plan() const { return plan_; }
  /// The size of the training images in `epoch` (0-based).
  datasets::ImageSize size_in(std::int64_t epoch) const { return sizes_.in(epoch); }
  /// The next inputs are those of `step` of `epoch`, both 0-based; steps before it cost nothing.
  void begin(std::int64_t epoch, std::size_t step);

  struct Fed {
    StepBatch batch;
    std::vector<datasets::BadImage> bad;
    bool none_readable = false;  ///< Batch::none_readable
  };
  /// What the summed loss of the `count` batches from `first` of the epoch on is divided by: their images over all ranks, or what
  /// these weigh by the classes that the dataset says.
  double divisor(std::size_t first, std::size_t count) const;
  /// What the next step of the epoch is to work on. `divisor`: of its whole update. `wishes`: of this rank.
  Fed next(double divisor, const Wishes& wishes);
  /// `batch` as the step takes it: normalised, shrunk and mixed. `numbers` and `key` are the batch's, where the training computes.
  StepInputs inputs(const StepBatch& batch, const at::Tensor& numbers, const at::Tensor& key) const;
  /// StagedLoader::prepare(): while the device is at work on what next() gave.
  void prepare() { loader_.prepare(); }

 private:
  datasets::EpochOrder order_in(std::int64_t epoch) const;
  void weigh(const datasets::EpochOrder& order);

  const TrainingData data_;
  const std::int64_t seed_;
  const int rank_;
  const double mixup_alpha_;
  const std::vector<std::int32_t> balanced_labels_;  // of all images where sampling is balanced, else none
  const ProgressiveSize sizes_;
  const datasets::BatchPlan plan_;
  const NetworkInput input_;
  StagedLoader loader_;
  std::int64_t epoch_ = 0;
  std::size_t step_ = 0;         // whose inputs come next
  std::vector<double> weights_;  // of each batch of the epoch over all ranks, where classes weigh
};

}  // namespace torchport::component
