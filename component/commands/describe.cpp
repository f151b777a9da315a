// torchport describe
#include <ostream>

#include "runtime/cli/call.h"
#include "runtime/cli/help.h"

namespace torchport::component {

int describe(runtime::Call& call) {
  call.arguments();
  call.host.out << help_text(call.component(), runtime::Specs::get());
  return 0;
}

}  // namespace torchport::component
