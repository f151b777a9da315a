// Modules: shared libraries beside the programs, which bring what most runs do without. Called by datasets/codecs/.
#pragma once
#include <string_view>

namespace torchport::runtime {

/// A module as this program knows it. The module itself has `extern "C" const int torchport_module_version`.
struct Module {
  std::string_view name;     ///< of its file, without ".so"
  std::string_view purpose;  ///< in errors, e.g. "decodes TIFF images"
  int version;               ///< of the interface that the two share
};

/// The address of the module's function; the module stays loaded. \throws Error FailedToCompleteOperation.no_module where it cannot
/// be loaded, FailedToCompleteOperation.module_version where it was built for another version of the interface
void* load_function(const Module& module, const char* function);

}  // namespace torchport::runtime
