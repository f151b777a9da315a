#include "runtime/files/typed_directory.h"

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/text/yaml.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
std::string DirectoryMeta::get(std::string_view key) const {
  const auto entry = entries.find(key);
  return entry == entries.end() ? "" : entry->second;
}

DirectoryMeta read_meta(const fs::path& directory, std::string_view error_id, std::string_view what) {
  const auto fault = [&](const char* kind, const std::string& reason = "") {
    return Error(std::string(error_id) + "." + kind,
                 {{"what", std::string(what)}, {"path", directory.string()}, {"reason", reason}});
  };
  std::error_code error;
  const fs::file_status status = fs::status(directory, error);
  if (status.type() == fs::file_type::none) throw fault("broken_meta", error.message());
  if (!fs::exists(status)) throw fault("missing");
  if (!fs::is_directory(status)) throw fault("not_a_directory");
  const fs::path file = directory / kMetaFile;
  if (!fs::exists(fs::symlink_status(file, error))) {
    const bool empty = fs::is_empty(directory, error);
    if (error) throw fault("broken_meta", error.message());
    throw fault(empty ? "empty" : "no_meta");
  }
  DirectoryMeta meta;
  try {
    const YAML::Node root = parse_yaml(read_file(resolve_inside(directory, kMetaFile), kSmallText));
    if (!root.IsMap()) throw std::runtime_error("it is not a list of keys and values");
    const auto copy_scalars = [](const YAML::Node& from, auto& to) {
      for (const auto& entry : from)
        if (entry.second.IsScalar()) to[entry.first.Scalar()] = entry.second.Scalar();
    };
    copy_scalars(root, meta.entries);
    if (const YAML::Node extension = root["extension"]; extension && extension.IsMap()) copy_scalars(extension, meta.extension);
  } catch (const std::runtime_error& problem) {  // YamlError, or the reason of read_file
    throw fault("broken_meta", problem.what());
  }
  meta.type = meta.get("type");
  return meta;
}

fs::path typed_directory(const fs::path& path, const std::string& inner) {
  std::error_code absent;
  const auto has_meta = [&](const fs::path& folder) { return fs::exists(fs::symlink_status(folder / kMetaFile, absent)); };
  return !inner.empty() && !has_meta(path) && has_meta(path / inner) ? path / inner : path;
}

}  // namespace torchport::runtime
