#include "runtime/request/check_ports.h"

#include <algorithm>

#include "runtime/files/output_directory.h"
#include "runtime/files/typed_directory.h"

namespace torchport::runtime {
namespace {

bool is_bare_folder(const std::filesystem::path& path) {
  std::error_code fault;
  return std::filesystem::is_directory(path, fault) && !std::filesystem::is_empty(path, fault) &&
         !std::filesystem::exists(path / "_meta.yaml", fault);
}

void check_input(const PortSpec& port, const std::filesystem::path& path) {
  const DirectoryTypeSpec& type = Specs::get().type(port.type);
  std::error_code fault;
  if (type.directory.empty()) {  // any layout: the component itself finds out which
    if (!std::filesystem::exists(path, fault))
      throw Error(type.error + ".no_input", {{"what", port.what()}, {"path", path.string()}});
    return;
  }
  if (type.bare_allowed && is_bare_folder(path)) return;
  if (type.file_allowed && std::filesystem::is_regular_file(path, fault)) return;
  const DirectoryMeta meta =
      read_meta(typed_directory(path, Specs::get().type(type.directory).inner_folder), type.error, port.what());
  if (meta.type != type.directory) {
    throw Error(type.error + ".wrong_type",
                {{"what", port.what()}, {"path", path.string()}, {"found", meta.type}, {"wanted", type.directory}});
  }
}

/// Whether `output` would lie inside the folder `input`, whatever links, mounts and spellings lead there: folders are compared by
/// their numbers.
bool lies_inside(const std::filesystem::path& output, const std::filesystem::path& input) {
  std::error_code fault;
  if (!std::filesystem::is_directory(input, fault)) return false;
  for (std::filesystem::path folder = std::filesystem::absolute(output, fault);; folder = folder.parent_path()) {
    std::error_code absent;
    const auto real = std::filesystem::canonical(folder, absent);
    for (std::filesystem::path at = real; !absent; at = at.parent_path()) {
      if (std::filesystem::equivalent(at, input, fault)) return true;
      if (!at.has_relative_path()) return false;
    }
    if (!folder.has_relative_path()) return false;
  }
}

/// Whether one path that need not exist yet would lie below another.
bool lies_below(const std::filesystem::path& path, const std::filesystem::path& folder) {
  std::error_code fault;
  const auto whole = std::filesystem::weakly_canonical(path, fault).lexically_normal();
  const auto top = std::filesystem::weakly_canonical(folder, fault).lexically_normal();
  const auto [in_top, in_whole] = std::mismatch(top.begin(), top.end(), whole.begin(), whole.end());
  return in_top == top.end() && in_whole != whole.end();
}

}  // namespace

void check_ports(Request& request, Problems& problems) {
  for (const PortSpec& port : request.component->inputs) {
    const auto given = request.inputs.find(port.name);
    if (given == request.inputs.end()) continue;
    if (!problems.collect([&] { check_input(port, given->second); })) request.inputs.erase(given);
  }
  for (const PortSpec& port : request.component->outputs) {
    const auto given = request.outputs.find(port.name);
    if (given == request.outputs.end()) continue;
    problems.collect([&] { check_output(given->second); });
    for (const PortSpec& input : request.component->inputs) {
      const auto path = request.inputs.find(input.name);
      if (path == request.inputs.end() || !lies_inside(given->second, path->second)) continue;
      problems.add(Error("InvalidPathForDirectoryCreation.inside",
                         {{"path", given->second.string()}, {"what", input.what()}, {"input", path->second.string()}}));
    }
    for (const PortSpec& other : request.component->outputs) {
      const auto path = request.outputs.find(other.name);
      if (path == request.outputs.end() || !lies_below(given->second, path->second)) continue;
      problems.add(Error("InvalidPathForDirectoryCreation.inside",
                         {{"path", given->second.string()}, {"what", other.what()}, {"input", path->second.string()}}));
    }
    for (const auto& [name, path] : request.outputs) {
      if (name < port.name && path.lexically_normal() == given->second.lexically_normal())
        problems.add(Error("InvalidPathForDirectoryCreation.same", {{"path", path.string()}}));
    }
  }
}

}  // namespace torchport::runtime
