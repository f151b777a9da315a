#include "runtime/error/current_errors.h"

#include <new>
#include <system_error>

namespace torchport::runtime {
namespace {

Error out_of_memory(const std::string& reason) { return Error("ModuleOutOfMemory.memory", {{"reason", reason}}); }

}  // namespace

std::vector<Error> current_errors() {
  try {
    throw;
  } catch (const Error& error) {
    return {error};
  } catch (const Errors& errors) {
    return errors.all();
  } catch (const std::bad_alloc&) {
    return {out_of_memory("an allocation failed")};
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::resource_unavailable_try_again) return {out_of_memory("a thread could not be started")};
    return {as_bug(error)};
  } catch (const std::exception& error) {
    return {as_bug(error)};
  }
}

}  // namespace torchport::runtime
