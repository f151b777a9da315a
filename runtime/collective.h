// The one interface between ranks. One process is a world of one: the trainer has no other code path for it.
// Implemented by WorldOfOne here and by component/collectives/ (MPI; NCCL later). Pointers may be device pointers for the latter.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/error/error.h"

namespace torchport::runtime {

enum class DataType { float32, float64, int64 };
enum class Reduction { sum, min, max };

/// An all-reduce under way. wait() returns when the data is whole. \throws Error TimeoutOccured.collective
class PendingReduce {
 public:
  virtual ~PendingReduce() = default;
  virtual void wait() = 0;
};

class Collective {
 public:
  virtual ~Collective() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Rank among, and number of, the processes of this machine.
  virtual int local_rank() const = 0;
  virtual int local_size() const = 0;
  /// In place. Calls must come in the same order on all ranks. \throws Error TimeoutOccured.collective
  virtual void broadcast(void* data, std::size_t bytes, int root) = 0;
  /// In place, in the background; at most as many under way as the caller likes, in the same order on all ranks.
  virtual std::unique_ptr<PendingReduce> all_reduce_async(void* data, std::size_t count, DataType type, Reduction reduction) = 0;
  virtual void barrier() = 0;
  /// Whether all ranks come here within `seconds`: tells a fault that all of them share from one that is this rank's alone.
  /// Independent of the other calls, so it may be asked while other ranks wait in one of them.
  virtual bool meet(double seconds) = 0;
  /// Ends all ranks at once, for a fault that this rank cannot agree on with the others. Does not return.
  [[noreturn]] virtual void abort(int exit_status) = 0;

  void all_reduce(void* data, std::size_t count, DataType type, Reduction reduction) {
    all_reduce_async(data, count, type, reduction)->wait();
  }
  /// All go on or all stop: where a rank hands in an error, every rank throws that of the lowest failing rank.
  void agree(const std::optional<Error>& mine);
  /// The same for all faults of a request: throws Error where the lowest failing rank had one, Errors where it had more.
  void agree_on_errors(const std::vector<Error>& mine);
  /// Runs `phase` on every rank and agrees on the Error or Errors that it threw.
  void agree_on(const std::function<void()>& phase);
  /// The rank whose error the last agree() threw, or -1.
  int first_failing_rank() const { return first_failing_rank_; }
  /// A string of rank `root`, on every rank.
  std::string broadcast_text(const std::string& text, int root);

 private:
  int first_failing_rank_ = -1;
};

/// The world of one process.
class WorldOfOne : public Collective {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  int local_rank() const override { return 0; }
  int local_size() const override { return 1; }
  void broadcast(void*, std::size_t, int) override {}
  std::unique_ptr<PendingReduce> all_reduce_async(void*, std::size_t, DataType, Reduction) override;
  void barrier() override {}
  bool meet(double) override { return true; }
  [[noreturn]] void abort(int exit_status) override;
};

}  // namespace torchport::runtime
