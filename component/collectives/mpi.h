// The world of several processes, on MPI. Made by component/worker/run.cpp; components see runtime::Control, and the trainer the
// Reducer that goes with it. No MPI header is needed to include this.
#pragma once
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "component/collectives/reducer.h"
#include "component/collectives/roll.h"
#include "runtime/control.h"
#include "runtime/launch/launched_as.h"

namespace torchport::component {

/// How long other ranks are waited for, in seconds.
struct Patience {
  double call = 600;                                     ///< in each call
  double end = std::numeric_limits<double>::infinity();  ///< in MPI's own end
  std::function<void()> at_end{};                        ///< called where that was too long; then the process ends, with 13
};

class MpiControl : public runtime::Control, public Roll {
 public:
  /// Initialises MPI; `beside_nccl`: so that it and NCCL do not wait for each other.
  /// \throws Error FailedToCompleteOperation.mpi_world where MPI knows of another number of processes than `expected_size` (0: any)
  MpiControl(int expected_size, Patience patience, bool beside_nccl = false);
  /// Finalises MPI, waiting for the other ranks; after a timeout it leaves that out.
  ~MpiControl() override;

  int rank() const override;
  int size() const override;
  int local_rank() const override;
  int local_size() const override;
  void broadcast(void* data, std::size_t bytes, int root) override;
  void sum(std::span<double> values) override;
  std::int64_t least(std::int64_t value) override;
  void barrier() override;
  bool meet(double seconds) override;
  [[noreturn]] void abort(int exit_status) override;
  double seconds_waited() const override;

  double patience() const override;
  /// As meet(), independent of the other calls. What it leaves behind does not matter to a run that ends.
  std::vector<std::optional<RollCall>> roll_call(const RollCall& mine, double seconds) override;

  /// For tensors of float32 or float64 on the host; this object must outlive it.
  std::unique_ptr<Reducer> reducer();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The world that the launcher made: MPI where it started several processes (or does not say how many), else a world of one,
/// without the cost of initialising MPI.
std::unique_ptr<runtime::Control> join_world(const std::optional<runtime::LaunchedAs>& launched, Patience patience,
                                             bool beside_nccl = false);

/// E.g. "Open MPI 4.1.4", which this loads. \throws Error FailedToCompleteOperation.mpi_library where there is none
std::string mpi_version();

}  // namespace torchport::component
