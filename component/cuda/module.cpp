#include "component/cuda/module.h"

#include <torch/version.h>

#include <filesystem>
#include <string>

#include "runtime/error/error.h"
#include "runtime/module.h"

namespace torchport::cuda {
namespace {

using runtime::Error;

constexpr runtime::Module kModule = {"torchport-cuda", "computes on GPUs", kVersion, "FailedToCompleteOperation.gpu_libraries"};
const Plugin* the_plugin = nullptr;

const Plugin& load() {
  const auto path = runtime::path_of(kModule);
  runtime::Fields fields = {{"path", path.string()}};
  if (std::error_code unknown; !std::filesystem::exists(path, unknown)) throw Error("FailedToCompleteOperation.gpu_module", fields);
  auto* const function = runtime::load_function(kModule, "torchport_cuda_plugin");
  const Plugin& found = *reinterpret_cast<PluginFunction*>(function)();
  if (std::string_view(found.libtorch) == TORCH_VERSION) return found;
  fields["found"] = found.libtorch;
  fields["wanted"] = TORCH_VERSION;
  throw Error("FailedToCompleteOperation.gpu_libtorch", fields);
}

}  // namespace

const Plugin& plugin() {
  if (the_plugin == nullptr) the_plugin = &load();
  return *the_plugin;
}

const Plugin* loaded() { return the_plugin; }

}  // namespace torchport::cuda
