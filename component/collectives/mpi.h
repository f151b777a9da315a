// The world of several processes, on MPI. Made by component/worker/main.cpp; components see runtime::Control, and the trainer the
// Reducer that goes with it. No MPI header is needed to include this.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "component/collectives/reducer.h"
#include "runtime/control.h"
#include "runtime/launch/launch.h"

namespace torchport::component {

class MpiControl : public runtime::Control {
 public:
  /// Initialises MPI. Each wait ends after `timeout_seconds` with TimeoutOccured.collective.
  /// \throws Error FailedToCompleteOperation.mpi_world where MPI knows of another number of processes than `expected_size` (0: any)
  MpiControl(int expected_size, double timeout_seconds);
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

  /// For tensors of float32 or float64 on the host; this object must outlive it.
  std::unique_ptr<Reducer> reducer();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The world that the launcher made: MPI where it started several processes (or does not say how many), else a world of one,
/// without the cost of initialising MPI.
std::unique_ptr<runtime::Control> join_world(const std::optional<runtime::LaunchedAs>& launched, double timeout_seconds);

/// E.g. "Open MPI 4.1.4".
std::string mpi_version();

}  // namespace torchport::component
