// Hands in the updates of an epoch one after the other, and tells what came of each: on a device, where the host does not wait, as
// late as its caller likes. Called by the trainer, which decides when to look.
#pragma once
#include <deque>
#include <optional>
#include <vector>

#include "component/images/bad_images.h"
#include "component/training/captured_step.h"
#include "component/training/feed.h"
#include "component/training/first_batch.h"
#include "component/training/options.h"
#include "component/training/progress.h"
#include "component/training/rank_times.h"
#include "component/training/step.h"
#include "component/training/surroundings.h"

namespace torchport::component {

/// What all updates of an epoch have in common.
struct EpochOfUpdates {
  std::int64_t number = 0;  ///< from 1
  double learning_rate = 0;
  bool warming_up = false;
};

class Updates {
 public:
  /// The parts of a training that an update goes through, all of which outlive this.
  struct Parts {
    BatchFeed& feed;
    TrainingStep& step;
    BadImages& bad;
    RankTimes& times;
    Progress& progress;
  };
  Updates(const TrainerOptions& options, const TrainingData& data, Parts parts, const Surroundings& around);

  /// The updates that follow are of `epoch`; the feed begins where they do.
  void begin(const EpochOfUpdates& epoch) {
    epoch_ = epoch;
    counted_ = clipped_ = 0;
  }
  /// Says in how many of the epoch's updates gradients were clipped, where that is to be done.
  void tell_of_clipping() const;
  /// Whether an update may still be computed when the next one is handed in.
  bool may_be_late() const { return captured_.has_value(); }
  /// Hands in the update that begins with the batch `first` of the epoch, counted from 0: consecutive batches after which the
  /// weights change once. Returns how many they are. `mine`: what this rank wishes for.
  std::size_t give(std::size_t first, const Wishes& mine);
  /// The update that begins with the batch `first`, with a learning rate of its own, at once and by itself: its training loss, a
  /// mean over images, which may not be finite, and how many batches it is. \throws Error UserError.* (unreadable images)
  struct Tried {
    double loss;
    std::size_t batches;
  };
  Tried try_rate(std::size_t first, double learning_rate);
  /// Waits for the updates that were handed in, all but the last `left` of them, and counts what they found. Returns what ranks
  /// wished for in them. \throws Error NaN.*, UserError.* (unreadable images), GreaterThanOrEqualTo.one_value_per_channel, the same
  /// on all ranks, with the step in which it was
  Wishes settle(std::size_t left = 0);

 private:
  struct Given {
    std::size_t first;                ///< batch, counted from 0
    std::vector<std::size_t> images;  ///< of each batch, over all ranks
    HostCopy statistics{};
    std::optional<runtime::Error> fault{};  ///< this rank's
  };
  Given next(std::size_t first) const;
  bool is_whole(const Given& update) const;
  std::optional<runtime::Error> add_batches(const Given& update, const Wishes& mine);
  BatchFeed::Fed next_batch(double divisor, const Wishes& mine);
  std::optional<runtime::Error> add_batch(const StepBatch& batch, bool last);
  std::optional<runtime::Error> compute(const StepBatch& batch, bool last);
  StepInputs inputs_of(const StepBatch& batch);
  StepInputs seen_inputs(const StepBatch& batch, const at::Tensor& numbers, const at::Tensor& key);
  at::Tensor finish(std::optional<runtime::Error>& fault);
  runtime::Error one_value_per_channel() const;
  void check(const Given& update, const StepSums& sums);

  const TrainerOptions& options_;
  const Parts parts_;
  const Surroundings around_;
  EpochOfUpdates epoch_;
  FirstBatch first_batch_;
  std::optional<CapturedStep> captured_;    // on a device
  std::deque<Given> given_;                 // and not settled
  std::int64_t counted_ = 0, clipped_ = 0;  // updates of the epoch that are settled, and those whose gradients were clipped
};

/// How many batches an update has at most: no more than an epoch has.
std::size_t most_batches(const TrainerOptions& options, const datasets::BatchPlan& plan);

}  // namespace torchport::component
