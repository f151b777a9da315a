// MPI's calls as this process has them: the module torchport-mpi.so, loaded with the first. Used by mpi.cpp and its parts.
#pragma once
#include "component/collectives/mpi_module.h"

namespace torchport::component::mpi {

/// \throws Error FailedToCompleteOperation.mpi_library where the module or libmpi is not there, module_version
const Calls& calls();
/// Null before that.
const Calls* loaded();

}  // namespace torchport::component::mpi
