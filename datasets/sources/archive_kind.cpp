#include "datasets/sources/archive_kind.h"

#include <set>

#include "datasets/sources/archive.h"
#include "datasets/sources/image_walk.h"
#include "runtime/files/files.h"
#include "runtime/text/lower.h"
#include "runtime/text/shell.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kTarMagic = 257;  ///< where a tar archive says "ustar"
constexpr std::size_t kMostTold = 3;

bool is_one_of(std::string_view head, std::initializer_list<std::string_view> magics) {
  return std::any_of(magics.begin(), magics.end(), [&](std::string_view magic) { return head.starts_with(magic); });
}

/// "photos" of photos.tar.gz; another name where that is there already, as the file itself is that has no extension.
fs::path folder_of(const fs::path& archive) {
  fs::path folder = archive;
  folder.replace_extension();
  if (folder.extension() == ".tar") folder.replace_extension();
  std::error_code none;
  while (fs::exists(fs::symlink_status(folder, none))) folder += "_unpacked";
  return folder;
}

}  // namespace

ArchiveKind archive_kind(const fs::path& file) {
  const std::string head = runtime::read_head(file, kTarMagic + 5);
  if (is_one_of(head, {"7z\xBC\xAF\x27\x1C", "Rar!\x1A\x07", std::string_view("\xFD\x37zXZ\0", 6), "\x28\xB5\x2F\xFD"}))
    return ArchiveKind::unread;
  const bool tar = head.size() > kTarMagic && head.substr(kTarMagic) == "ustar";
  return tar || is_one_of(head, {"PK\x03\x04", "PK\x05\x06", "PK\x07\x08", "\x1F\x8B", "BZh"}) ? ArchiveKind::taken
                                                                                               : ArchiveKind::none;
}

Unpacking unpacking(const fs::path& archive) {
  const fs::path folder = folder_of(archive);
  // A name that begins with a dash would be an option.
  const auto word = [](const fs::path& path) {
    return runtime::shell_word(path.string().starts_with('-') ? "./" + path.string() : path.string());
  };
  const std::string from = word(archive), to = word(folder), kind = runtime::lower(archive.extension().string());
  std::string head;
  try {
    head = runtime::read_head(archive, 6);
  } catch (const std::runtime_error&) {  // one that lies in another: its name must do
  }
  if (kind == ".rar" || head.starts_with("Rar!")) return {folder, "unrar x " + from + " " + to + "/"};
  if (kind == ".7z" || head.starts_with("7z\xBC\xAF")) return {folder, "7z x " + from + " -o" + to};
  if (kind == ".zip" || head.starts_with("PK")) return {folder, "unzip " + from + " -d " + to};
  return {folder, "mkdir -p " + to + " && tar -xf " + from + " -C " + to};
}

std::vector<runtime::Detail> unpacking_of_all(const fs::path& folder, const fs::path& outer) {
  std::set<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    std::error_code none;
    if (is_users(entry.path()) && entry.is_regular_file(none) && archive_kind(entry.path()) != ArchiveKind::none)
      found.insert(entry.path());
  }
  std::vector<runtime::Detail> rows;
  if (found.empty()) return rows;
  if (!outer.empty()) rows.push_back({"unpack", unpacking(outer).command});
  for (const fs::path& one : found) {
    if (rows.size() > kMostTold) break;
    rows.push_back({"unpack", unpacking(outer.empty() ? one : unpacking(outer).folder / one.filename()).command});
  }
  return rows;
}

}  // namespace torchport::datasets
