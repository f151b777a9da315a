// Which torchport this is. Read by --version and by run.json.
#pragma once
#include <string>

namespace torchport::runtime {

/// E.g. "0.1.0".
std::string version();
/// The commit it was built from, abbreviated; "" where the build had no git.
std::string commit();

}  // namespace torchport::runtime
