// What ranks tell each other on the host: who they are, texts, small sums, and whether all go on. One process is a world of one.
// Implemented by WorldOfOne here and by component/collectives/mpi.h; tensors go by component/collectives/reducer.h.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/error/error.h"

namespace torchport::runtime {

/// Calls that concern all ranks must come in the same order on all of them, and return when their work is done.
/// \throws Error TimeoutOccured.collective where another rank does not come, TimeoutOccured.mismatch where it makes another call
class Control {
 public:
  virtual ~Control() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  /// Rank among, and number of, the processes of this machine.
  virtual int local_rank() const = 0;
  virtual int local_size() const = 0;
  /// The bytes of rank `root`, in place.
  virtual void broadcast(void* data, std::size_t bytes, int root) = 0;
  /// Each number's sum over all ranks, in place.
  virtual void sum(std::span<double> values) = 0;
  /// The least of all ranks' numbers.
  virtual std::int64_t least(std::int64_t value) = 0;
  virtual void barrier() = 0;
  /// Whether all ranks come here within `seconds`: tells a fault that all of them share from one that is this rank's alone.
  /// Independent of the other calls, so it may be asked while other ranks wait in one of them.
  virtual bool meet(double seconds) = 0;
  /// Ends all ranks at once, for a fault that this rank cannot agree on with the others. Does not return.
  [[noreturn]] virtual void abort(int exit_status) = 0;
  /// Seconds that this rank's work has stood still for calls of tensors and of these so far.
  virtual double seconds_waited() const { return 0; }

  /// All go on or all stop: where a rank hands in an error, every rank throws that of the lowest failing rank. Where not all have
  /// one, its table begins with that rank and its host.
  void agree(const std::optional<Error>& mine);
  /// The same for all faults of a request: throws Error where the lowest failing rank had one, Errors where it had more.
  void agree_on_errors(const std::vector<Error>& mine);
  /// Runs `phase` on every rank and agrees on the Error or Errors that it threw.
  void agree_on(const std::function<void()>& phase);
  /// Throws `errors`, which all ranks know of and hand in alike, blaming `rank`.
  [[noreturn]] void stop_all(const std::vector<Error>& errors, int rank);
  /// The rank whose error the last agree() or stop_all() threw, or -1.
  int first_failing_rank() const { return first_failing_rank_; }
  /// A string of rank `root`, on every rank.
  std::string broadcast_text(const std::string& text, int root);

 private:
  int first_failing_rank_ = -1;
};

/// "rank 1 (host b)", of this process.
std::string place_of_rank(const Control& control);

/// The world of one process.
class WorldOfOne : public Control {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  int local_rank() const override { return 0; }
  int local_size() const override { return 1; }
  void broadcast(void*, std::size_t, int) override {}
  void sum(std::span<double>) override {}
  std::int64_t least(std::int64_t value) override { return value; }
  void barrier() override {}
  bool meet(double) override { return true; }
  [[noreturn]] void abort(int exit_status) override;
};

}  // namespace torchport::runtime
