// torchport list
#include <ostream>

#include "runtime/cli/call.h"
#include "runtime/cli/help.h"

namespace torchport::component {

int list(runtime::Call& call) {
  call.arguments();
  call.host.out << list_text(runtime::Specs::get());
  return 0;
}

}  // namespace torchport::component
