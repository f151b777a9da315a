// torchport explain
#include <ostream>

#include "runtime/cli/call.h"
#include "runtime/cli/error_text.h"

namespace torchport::component {

int explain(runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  call.host.out << (given.operands.empty() ? runtime::errors_text() : runtime::error_text(given.operands.front()));
  return 0;
}

}  // namespace torchport::component
