#include "component/download/environment.h"

#include <cstdlib>
#include <string>

namespace torchport::component {
namespace {

std::string text_of(const char* variable) {
  const char* const value = std::getenv(variable);
  return value ? value : "";
}

// "~/x" is x in the home folder, as in torch.hub.
std::filesystem::path expanded(const std::string& path) {
  return path == "~" || path.starts_with("~/") ? text_of("HOME") + path.substr(1) : path;
}

}  // namespace

std::filesystem::path torch_checkpoints() {
  std::string torch = text_of("TORCH_HOME");
  if (torch.empty()) {
    const std::string cache = text_of("XDG_CACHE_HOME");
    torch = (cache.empty() ? "~/.cache" : cache) + "/torch";
  }
  return expanded(torch) / "hub" / "checkpoints";
}

std::filesystem::path weights_folder() { return expanded(text_of("TORCHPORT_WEIGHTS")); }

std::string weights_url(const std::string& published) {
  const std::string mirror = text_of("TORCHPORT_WEIGHTS_URL");
  if (mirror.empty()) return published;
  return mirror.ends_with('/') ? mirror : mirror + "/";
}

}  // namespace torchport::component
