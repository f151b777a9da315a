// Sums of tensors over ranks, in the background and in order: what gradients go by. The host's own business goes by
// runtime/control.h. Used by GradientBuckets; a world of one is here, MPI in mpi_reducer.cpp,
// NCCL in nccl_reducer.cpp.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>

#include "runtime/control.h"
#include "runtime/report/log.h"

namespace torchport::component {

class Device;

/// A sum under way. Whoever does not want it any more lets it go: it has a share in the tensor until it is done.
class PendingSum {
 public:
  virtual ~PendingSum() = default;
  /// Whatever is computed on the current stream from here on sees the sum. Only where tensors lie on the host does this mean that
  /// the host has waited for it. \throws Error TimeoutOccured.collective, TimeoutOccured.mismatch
  virtual void wait() = 0;
};

/// Sums that are part of a graph.
struct RecordedSums {
  std::int64_t count = 0, last_bytes = 0;
};

class Reducer {
 public:
  virtual ~Reducer() = default;
  /// How many ranks take part.
  virtual int size() const = 0;
  /// Replaces a contiguous tensor by its sum over all ranks, after what the current stream has been given so far. As many may be
  /// under way as the caller likes, in the same order on all ranks.
  virtual std::unique_ptr<PendingSum> sum(const at::Tensor& flat) = 0;

  /// From here to end_recording(), which tells what they were, sums are recorded in a graph instead of being done.
  virtual void begin_recording() {}
  virtual RecordedSums end_recording() { return {}; }
  /// A replay has handed them in.
  virtual void replayed(const RecordedSums&) {}
};

/// The world of one process, on any device: each tensor is its own sum.
class ReducerOfOne : public Reducer {
 public:
  int size() const override { return 1; }
  std::unique_ptr<PendingSum> sum(const at::Tensor& flat) override;
};

/// The reducer among the ranks of `control`, for tensors on CPUs where there are several. `control` must outlive it.
std::unique_ptr<Reducer> make_reducer(runtime::Control& control);
/// The same for tensors on `device`, which waits by it from then on. \throws as NcclReducer does
std::unique_ptr<Reducer> make_reducer(runtime::Control& control, Device& device, const std::filesystem::path& run_dir,
                                      runtime::Log& log);

}  // namespace torchport::component
