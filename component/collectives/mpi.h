// The world of several processes, on MPI: gradients on CPUs, and all agreement among ranks.
// Made by component/worker/run.cpp; the trainer sees runtime::Collective only. No MPI header is needed to include this.
#pragma once
#include <memory>
#include <optional>

#include "runtime/collective.h"
#include "runtime/launch/launched_as.h"

namespace torchport::component {

/// One background thread makes the MPI calls in the order in which they were handed in, so that reductions overlap with computing.
class MpiCollective : public runtime::Collective {
 public:
  /// Initialises MPI. Each wait ends after `timeout` seconds with TimeoutOccured.collective.
  /// \throws Error FailedToCompleteOperation.mpi_world where MPI knows of another number of processes than `expected_size` (0: any)
  explicit MpiCollective(int expected_size, double timeout);
  /// Finalises MPI, waiting for the other ranks; after a timeout it leaves that out.
  ~MpiCollective() override;

  int rank() const override;
  int size() const override;
  int local_rank() const override;
  int local_size() const override;
  void broadcast(void* data, std::size_t bytes, int root) override;
  std::unique_ptr<runtime::PendingReduce> all_reduce_async(void* data, std::size_t count, runtime::DataType type,
                                                           runtime::Reduction reduction) override;
  void barrier() override;
  bool meet(double seconds) override;
  [[noreturn]] void abort(int exit_status) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The world that the launcher made: MPI where it started several processes (or does not say how many), else a world of one,
/// without the cost of initialising MPI. `timeout`: seconds, as MpiCollective's.
std::unique_ptr<runtime::Collective> join_world(const std::optional<runtime::LaunchedAs>& launched, double timeout);

/// E.g. "Open MPI 4.1.4".
std::string mpi_version();

}  // namespace torchport::component
