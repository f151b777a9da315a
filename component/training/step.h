// One update of the weights: forward and backward for each of its batches, the sum over ranks, the optimizer, the average.
// No clock, no log, no event, and it never waits for the device: what decides on its numbers are tensors. Called by the trainer.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <vector>

#include "component/collectives/reducer.h"
#include "component/training/boundary.h"
#include "component/training/device.h"
#include "component/training/gradient_buckets.h"
#include "component/training/precision.h"
#include "component/training/recipe/optimizer.h"
#include "component/training/recipe/weight_average.h"
#include "models/nn/classifier.h"
#include "models/nn/sync_norm.h"

namespace torchport::component {

/// What one batch brings: tensors on the training's device.
struct StepInputs {
  /// The numbers of a batch that differ from step to step, by their places in `numbers`.
  enum Number { kImages, kBad, kShare, kPreviousShare, kWishes, kNumbers };

  at::Tensor images;   ///< as the network takes them
  at::Tensor labels;   ///< int64 [N]
  at::Tensor numbers;  ///< float32 [kNumbers]: images of the whole update over all ranks, or the sum of their class weights, bad
                       ///< images here, the shares of mixup, the wishes of this rank (Wishes::number), the same for each batch of
                       ///< an update
  bool mixed = false;  ///< whether the shares count
  at::Tensor key;      ///< models::random_key() of this step, for dropout
};

struct StepOptions {
  std::size_t most_batches;  ///< of an update
  double label_smoothing;
  bool norm_weight_decay;
  Precision precision;
  std::vector<double> class_weights = {};  ///< of the loss, by class; empty: all weigh 1
  double clip_gradient_norm = 0;           ///< clip_gradients(); 0: not done
  bool sync_batch_norm = false;            ///< whether batch norms take their statistics over all ranks; on the host alone
};

/// The outcome of an update, summed over ranks.
struct StepSums {
  struct Batch {
    double loss = 0, correct = 0, bad = 0;
  };
  bool failed = false;   ///< a rank could not go on
  bool stopped = false;  ///< failed, or a loss or gradient is not finite: the weights did not change
  bool clipped = false;  ///< the gradient's norm was above the bound
  Wishes wishes;         ///< of any rank
  std::vector<Batch> batches;
};

class TrainingStep {
 public:
  /// The network lies on `device`. Everything referred to must outlive the step; `average` may be null.
  TrainingStep(const StepOptions& options, models::Classifier network, const Device& device, Reducer& reducer,
               WeightAverage* average);

  /// An update is begin(), add() for each of its batches or until fail(), and finish(). All ranks finish every update, whatever
  /// happens to them before, so that all stop after the same one.
  void begin();
  /// `last` sends the gradients.
  void add(const StepInputs& inputs, bool last);
  /// This rank cannot go on: the weights will change on none.
  void fail();
  /// Changes the weights, on a device only where no update before was stopped: the host may know of that too late. `learning_rate`
  /// as Device::number() makes it. Returns what read() understands, on the device, until the next update begins.
  at::Tensor finish(const at::Tensor& learning_rate, bool warming_up);

  /// What finish() returned, now on the host.
  static StepSums read(const at::Tensor& statistics, std::size_t batches);

  // --- what a graph of an update (CapturedStep) has for good, and what it does not know of
  /// Where the weights and statistics lie that an update changes.
  std::vector<const void*> addresses() const;
  /// Whether the next update adds to the average, rather than beginning it; true where there is none.
  bool average_begun() const { return !average_ || average_->begun(); }
  /// A replay has made an update, or recording one has not.
  void set_average_begun(bool begun) {
    if (average_) average_->set_begun(begun);
  }

  void write(TrainingState& state) const { optimizer_.write(state); }
  void read(const TrainingState& state);

 private:
  at::Tensor found_inf(const at::Tensor& statistics) const;

  const StepOptions options_;
  const models::Classifier network_;
  const c10::DeviceType device_;
  const std::vector<at::Tensor> parameters_;  // those that are trained
  const at::Tensor class_weights_;            // on the device; undefined where all weigh 1
  const models::SumOverRanks sum_over_ranks_;
  GradientBuckets buckets_;
  Sgd optimizer_;
  WeightAverage* const average_;
  std::size_t batches_ = 0;  // added to this update
  at::Tensor halted_;        // 1 once an update was stopped; undefined on the host
};

/// Whether batch norm refused a batch for which a channel has one value.
bool has_one_value_per_channel(const c10::Error& error);

/// The parameters that are not frozen.
std::vector<at::Tensor> trainable_parameters(const models::ClassifierModule& network);

}  // namespace torchport::component
