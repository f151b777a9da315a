#include "component/worker/faults.h"

#include <c10/util/Exception.h>

#include "runtime/error/current_errors.h"

namespace torchport::component {

using runtime::Error;

std::vector<Error> current_errors() {
  try {
    throw;
  } catch (const c10::Error& error) {
    const std::string reason = error.what_without_backtrace();
    if (reason.find("allocate memory") != std::string::npos || reason.find("not enough memory") != std::string::npos)
      return {Error("ModuleOutOfMemory.memory", {{"reason", reason}})};
    return {Error("LibraryException.bug", {{"class", "c10::Error"}, {"reason", reason}})};
  } catch (...) {
    return runtime::current_errors();
  }
}

}  // namespace torchport::component
