#include "runtime/module.h"

#include <dlfcn.h>

#include <string>

#include "runtime/error/error.h"

namespace torchport::runtime {

std::filesystem::path path_of(const Module& module) {
  return std::filesystem::read_symlink("/proc/self/exe").replace_filename(std::string(module.name) + ".so");
}

void* load_function(const Module& module, const char* function) {
  const auto path = path_of(module);
  Fields fields = {{"path", path.string()}, {"purpose", std::string(module.purpose)}};
  const auto checked = [&](void* found) {
    if (found != nullptr) return found;
    fields["reason"] = dlerror();
    throw Error(module.unloadable, fields);
  };
  void* const library = checked(dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
  const int version = *static_cast<const int*>(checked(dlsym(library, "torchport_module_version")));
  if (version != module.version) {
    fields["found"] = std::to_string(version);
    fields["wanted"] = std::to_string(module.version);
    throw Error("FailedToCompleteOperation.module_version", fields);
  }
  return checked(dlsym(library, function));
}

}  // namespace torchport::runtime
