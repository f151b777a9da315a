// Sums gradients over ranks while the backward pass is still running: parameters share flat buckets, and a bucket is all-reduced as
// soon as its last gradient is there. A handful of step statistics rides in the last bucket. Several backward passes may add up
// before they are sent. Used by TrainingStep, one process included.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

#include "component/collectives/reducer.h"

namespace torchport::component {

class GradientBuckets {
 public:
  /// The statistic that is the buckets' own: not finite where a gradient on the host of any rank is not, else 0. Gradients are
  /// looked at where they arrive, while they are in the processor's cache. On a device there is flats().
  static constexpr std::int64_t kNotFinite = 0;

  /// Takes over the gradients of `parameters` (all of one dtype and device, all used in every step): each becomes a view of a
  /// bucket, the same in every step, with the strides of its parameter. In a world of one, with nobody to send to, it stays where
  /// the backward pass put it, unless the addresses are to be `kept`. `statistics`: how many numbers ride along, in the gradients'
  /// dtype, that of kNotFinite included.
  GradientBuckets(std::vector<at::Tensor> parameters, Reducer& reducer, std::size_t statistics, bool kept = false);
  ~GradientBuckets();
  GradientBuckets(const GradientBuckets&) = delete;
  GradientBuckets& operator=(const GradientBuckets&) = delete;

  /// Drops the gradients and zeroes the statistics; a gradient that does not come counts as zero. Backward passes that follow add
  /// up on this rank.
  void begin();
  /// This rank's statistics of the step, to be filled in before its last backward pass.
  const at::Tensor& statistics() const { return statistics_; }
  /// The backward pass that follows is the step's last, and sends the gradients.
  void send_next();
  /// Sends what the backward pass has not sent (all of it on a rank that had none). Whatever is computed from here on sees the
  /// sums; returns those of the statistics.
  const at::Tensor& finish();
  /// The buckets' memory: gradients, where they are kept there, and the statistics at the end of the last.
  std::vector<at::Tensor> flats() const;
  std::size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    at::Tensor flat;
    std::size_t parameters = 0, missing = 0;
    std::unique_ptr<PendingSum> pending;
  };
  struct Slot {
    std::size_t bucket = 0;
    at::Tensor view;  // of the bucket; undefined where gradients stay as they are made
    bool filled = false;
  };
  void arrived(std::size_t parameter);
  void look_at(const at::Tensor& gradient);
  void send_ready();

  std::vector<at::Tensor> parameters_;
  Reducer& reducer_;
  std::vector<Bucket> buckets_;
  std::vector<Slot> slots_;  // one a parameter
  at::Tensor statistics_;    // view of the end of the last bucket
  std::size_t next_ = 0;     // buckets leave in order, the same on all ranks
  bool sending_ = false;     // whether the backward pass that is next or under way is the step's last
  std::mutex mutex_;         // a backward pass on a device calls hooks from its own thread
  friend struct ArrivalHook;
};

}  // namespace torchport::component
