#include "runtime/request/context.h"

namespace torchport::runtime {
namespace {

const std::filesystem::path& place(const std::map<std::string, std::filesystem::path, std::less<>>& places, std::string_view port) {
  const auto found = places.find(port);
  if (found == places.end()) throw std::logic_error("the port '" + std::string(port) + "' has no path");
  return found->second;
}

}  // namespace

const std::filesystem::path& Context::input(std::string_view port) const { return place(request.inputs, port); }
const std::filesystem::path& Context::output(std::string_view port) const { return place(request.outputs, port); }

}  // namespace torchport::runtime
