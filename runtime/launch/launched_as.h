// Which process of which job this is, as its launcher's variables say: the one place that knows their names.
// Asked by the command line, the launcher, the worker and the MPI world.
#pragma once
#include <optional>
#include <string>

namespace torchport::runtime {

/// Where this process stands according to its launcher's variables (Open MPI, PMIx, Slurm; MPICH, Intel MPI and torchrun, whose
/// processes our MPI does not know of).
struct LaunchedAs {
  int rank = 0;
  int size = 1;  ///< 0: the launcher does not say, MPI will
  int local_rank = 0, local_size = 1;
  bool bound = false;  ///< the launcher gave each process processing units of its own
  std::string job;     ///< the launcher's job id: the same on all ranks
};

/// Nothing where no launcher started this process, or one that started it alone: a shell of `srun -n1 --pty` or `mpirun -np 1` is
/// like any other.
std::optional<LaunchedAs> launched_as();

/// Processing units of this process: its share of those that the `local_size` processes of its machine have together, unless its
/// launcher gave each its own.
int processing_units_of(const std::optional<LaunchedAs>& launched, int local_size);

/// Takes away the variables of a launcher that started this process alone, so that mpirun may be started here.
void forget_launcher();

}  // namespace torchport::runtime
