// Checks across the inputs and parameters of one component: component/checks/<function>.cpp, named as the file of the component's
// function, defines `void <function>(request, problems)`.
// Torch-free: called by `torchport validate`, by the launcher before it starts mpirun, and by every rank of the worker.
#pragma once
#include "runtime/error/error.h"
#include "runtime/request/request.h"
#include "runtime/spec/table.h"

namespace torchport::component {

/// The generated table of component/checks/. A component without such a file has no rules of this kind.
const runtime::Table<void(const runtime::Request&, runtime::Problems&)>& checks();

/// check_ports, whether models are trained where they must be, and the component's own check, in that order; later ones only see
/// what earlier ones left whole. A port without a path is left out.
void check_request(runtime::Request& request, runtime::Problems& problems);

/// parse_request and check_request, for whoever runs the component: what was opened is kept.
runtime::Request checked_request(const runtime::ComponentSpec& component, const std::vector<std::string>& arguments,
                                 runtime::Problems& problems);

}  // namespace torchport::component
