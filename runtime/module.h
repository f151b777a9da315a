// Modules: shared libraries beside the programs, which bring what most runs do without. Called by datasets/codecs/ and
// component/cuda/module.cpp.
#pragma once
#include <filesystem>
#include <string_view>

namespace torchport::runtime {

/// A module as this program knows it. The module itself has `extern "C" const int torchport_module_version`.
struct Module {
  std::string_view name;                                                ///< of its file, without ".so"
  std::string_view purpose;                                             ///< in errors, e.g. "decodes TIFF images"
  int version;                                                          ///< of the interface that the two share
  std::string_view unloadable = "FailedToCompleteOperation.no_module";  ///< the error where it cannot be loaded
};

/// Where it belongs.
std::filesystem::path path_of(const Module& module);

/// The address of the module's function; the module stays loaded. \throws Error `module.unloadable`,
/// FailedToCompleteOperation.module_version where it was built for another version of the interface
void* load_function(const Module& module, const char* function);

}  // namespace torchport::runtime
