// Sums gradients over ranks while the backward pass is still running: parameters share flat buckets, and a bucket is all-reduced as
// soon as its last gradient is there. A handful of step statistics rides in the last bucket. Several backward passes may add up
// before they are sent. Used by the trainer, one process included.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "runtime/collective.h"

namespace torchport::component {

class GradientBuckets {
 public:
  /// Takes over the gradients of `parameters` (all of one dtype, all used in every step): each becomes a view of a bucket, with the
  /// strides of its parameter; in a world of one, with nobody to send to, it stays where the backward pass put it. `statistics`:
  /// how many numbers ride along; they are summed in the gradients' dtype.
  GradientBuckets(std::vector<at::Tensor> parameters, runtime::Collective& collective, std::size_t statistics);
  ~GradientBuckets();
  GradientBuckets(const GradientBuckets&) = delete;
  GradientBuckets& operator=(const GradientBuckets&) = delete;

  /// Drops the gradients; a gradient that does not come counts as zero. Backward passes that follow add up on this rank.
  void begin();
  /// Sets this rank's first statistics of the step, the others to zero. The backward pass that follows is its last, and sends the
  /// gradients.
  void send_with(std::span<const double> statistics);
  /// Sends what the backward pass has not sent (all of it on a rank that had none), waits, and returns the summed statistics.
  std::vector<double> finish();
  std::size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    at::Tensor flat;
    std::size_t parameters = 0, missing = 0;
    std::unique_ptr<runtime::PendingReduce> pending;
  };
  struct Slot {
    std::size_t bucket = 0;
    at::Tensor view;  // of the bucket, undefined in a world of one
    bool filled = false;
  };
  void arrived(std::size_t parameter);
  void send_ready();

  std::vector<at::Tensor> parameters_;
  runtime::Collective& collective_;
  std::vector<Bucket> buckets_;
  std::vector<Slot> slots_;  // one a parameter
  at::Tensor statistics_;    // view of the end of the last bucket
  std::size_t next_ = 0;     // buckets leave in order, the same on all ranks
  bool sending_ = false;     // whether the backward pass that is next or under way is the step's last
  std::mutex mutex_;         // a backward pass on a device calls hooks from its own thread
  friend struct ArrivalHook;
};

}  // namespace torchport::component
