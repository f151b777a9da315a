#include "runtime/version.h"

namespace torchport::runtime {

std::string version() { return TORCHPORT_VERSION; }
std::string commit() { return TORCHPORT_COMMIT; }

}  // namespace torchport::runtime
