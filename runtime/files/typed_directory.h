// What a typed directory says about itself. Called by whoever opens an ImageDirectory, a ModelDirectory or another of them.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace torchport::runtime {

inline constexpr const char* kMetaFile = "_meta.yaml";

/// `_meta.yaml` of a typed directory: its scalar entries (type, image_list, model, ...), and those of its map `extension`.
struct DirectoryMeta {
  std::string type;
  std::map<std::string, std::string, std::less<>> entries, extension;
  /// The entry, or "" where it is absent.
  std::string get(std::string_view key) const;
};

/// Reads `<directory>/_meta.yaml` under the strict YAML rules. Faults are
/// `<error_id>.missing|not_a_directory|empty|no_meta|broken_meta` with the field `what` (e.g. "training dataset") and `path`. The
/// type is the caller's to compare.
DirectoryMeta read_meta(const std::filesystem::path& directory, std::string_view error_id, std::string_view what);

/// The typed directory that `path` stands for: the folder `inner` in it where only that has a `_meta.yaml`, else `path` itself.
std::filesystem::path typed_directory(const std::filesystem::path& path, const std::string& inner);

}  // namespace torchport::runtime
