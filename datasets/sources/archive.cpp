#include "datasets/sources/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <unordered_set>

#include "datasets/codecs/header.h"
#include "datasets/sources/archive_kind.h"
#include "datasets/sources/foreign_names.h"
#include "datasets/sources/zip_end.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/text/lower.h"
#include "runtime/text/utf8.h"
#include "runtime/text/utf8_locale.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
using runtime::Error;
namespace {

/// What a file and a folder count beside their content: to make, look through and remove one takes as long as to write so many
/// bytes.
constexpr std::uint64_t kFileBytes = 16384, kFolderBytes = 65536;
constexpr std::size_t kLongestName = 255, kLongestPath = 1000, kDeepest = 64;

constexpr const char* kEmpty = "it is empty";

/// Why libarchive makes nothing of a file: for ZIP files it does not tell.
std::string unrecognised(const fs::path& file) {
  if (fs::file_size(file) == 0) return kEmpty;
  const std::optional<ZipEnd> end = zip_end(file);
  if (!end && !runtime::read_head(file, 2).starts_with("PK")) return "it is neither a ZIP nor a tar archive";
  if (!end) return "its end is missing: it was cut short, or is a part of several";
  if (end->parts) return "it is one of several parts, which zip -s 0 FILE --out WHOLE.zip joins";
  return end->entries == 0 ? kEmpty : "its directory is damaged";
}

class Unpacker {
 public:
  Unpacker(const fs::path& file, const fs::path& target, const ArchiveLimits& limits, Account* account)
      : file_(file), target_(target), limits_(limits), account_(account), archive_(archive_read_new(), archive_read_free) {
    if (!archive_) throw std::bad_alloc();
    most_ = std::min(limits.bytes, std::max(limits.harmless, limits.ratio * fs::file_size(file)));
  }

  std::uint64_t run() {
    archive_read_support_filter_gzip(archive_.get());
    archive_read_support_filter_bzip2(archive_.get());
    archive_read_support_format_tar(archive_.get());
    archive_read_support_format_zip_seekable(archive_.get());  // by its directory, as unzip does: a ZIP file cut short has none
    if (archive_read_open_filename(archive_.get(), file_.c_str(), 1 << 18) != ARCHIVE_OK) {
      broken(archive_errno(archive_.get()) == EILSEQ ? unrecognised(file_) : reason());  // libarchive's "file format"
    }
    archive_entry* entry = nullptr;
    for (std::uint64_t entries = 0;; ++entries) {
      const int status = archive_read_next_header(archive_.get(), &entry);
      if (status == ARCHIVE_EOF && entries == 0) broken(kEmpty);
      if (status == ARCHIVE_EOF) {
        check_count(entries);
        return files_;
      }
      if (status < ARCHIVE_WARN) broken(reason());
      if (entries >= limits_.entries) broken("it has more than " + std::to_string(limits_.entries) + " entries");
      take(entry);
    }
  }

 private:
  [[noreturn]] void broken(const std::string& why) const {
    throw Error("InvalidDataset.archive", {{"path", file_.string()}, {"reason", why}});
  }
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error("InvalidDataset.archive_entry", {{"path", file_.string()}, {"entry", name_}, {"reason", why}},
                {{"unpack", unpacking(file_).command}});
  }
  /// libarchive passes over entries that lie at the place of another one.
  void check_count(std::uint64_t found) const {
    if (!is_zip()) return;
    const std::optional<ZipEnd> end = zip_end(file_);
    if (end && !end->counts(found))
      broken("its directory has " + std::to_string(end->entries) + " entries, but only " + std::to_string(found) +
             " with a place of their own");
  }
  bool is_zip() const { return (archive_format(archive_.get()) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_ZIP; }
  std::string reason() const {
    const char* const text = archive_error_string(archive_.get());
    return text ? text : "it is damaged";
  }

  void take(archive_entry* entry) {
    const char* name = archive_entry_pathname_utf8(entry);
    if (!name) name = archive_entry_pathname(entry);  // without a statement of its encoding
    name_ = name ? name : "";
    if (is_zip()) std::replace(name_.begin(), name_.end(), '\\', '/');  // programs on Windows write either, or both
    const fs::path path = safe_path();
    if (is_tools(path)) return;
    const bool named_folder = name_.ends_with('/') && archive_entry_size(entry) == 0;
    const auto type = named_folder ? AE_IFDIR : archive_entry_filetype(entry);
    if (archive_entry_hardlink(entry)) refuse("is a hard link");
    if (type == AE_IFLNK) refuse("is a symbolic link");
    if (type == AE_IFDIR) return make_folder(path);
    if (type != AE_IFREG) refuse("is neither a file nor a folder");
    if (path.empty()) refuse("has no name");
    if (archive_entry_is_encrypted(entry)) refuse("is protected by a password");
    count(kFileBytes);
    if (archive_entry_size_is_set(entry)) foresee(static_cast<std::uint64_t>(archive_entry_size(entry)));
    make_folder(path.parent_path());
    if (archive_entry_size_is_set(entry) && archive_entry_size(entry) == 0) return leave_out_empty(path.string());
    if (fs::exists(fs::symlink_status(target_ / path))) refuse("is there twice");
    write(target_ / path);
    ++files_;
  }

  /// The entry's path below the target. \throws Error where it could lead elsewhere, or cannot be a path here
  fs::path safe_path() const {
    const bool drive = name_.size() > 2 && name_[1] == ':' && name_[2] == '/';
    if (name_.starts_with('/') || drive) refuse("has an absolute path");
    if (!runtime::is_utf8(name_)) refuse("has a name that is not UTF-8");
    if (name_.size() > kLongestPath) refuse("has too long a path");
    fs::path path;
    for (const fs::path& part : fs::path(name_)) {
      if (part == "..") refuse("leads out of the archive");
      if (part.string().size() > kLongestName) refuse("has too long a name");
      if (!part.empty() && part != ".") path /= part;
    }
    if (static_cast<std::size_t>(std::distance(path.begin(), path.end())) > kDeepest)
      refuse("lies more than " + std::to_string(kDeepest) + " folders deep");
    return path;
  }

  /// Of what tools and systems left, only the outermost folder is told.
  bool is_tools(const fs::path& path) {
    fs::path begin;
    for (const fs::path& part : path) {
      begin /= part;
      if (kind_of_name(part.native()) != NameKind::tool) continue;
      if (account_ && tools_.insert(begin.native()).second) account_->leave_out_tool(begin.string());
      return true;
    }
    return false;
  }

  /// An empty file is nothing to any reader, and a small archive may have millions.
  void leave_out_empty(const std::string& name) {
    if (!account_) return;
    if (has_image_extension(name)) return account_->leave_out("unreadable", name, "the file is empty");
    account_->leave_out_type(name);
  }

  /// Each folder is counted, and made, once, whatever the number of entries in it.
  void make_folder(const fs::path& path) {
    if (path.empty() || folders_.contains(path.native())) return;
    make_folder(path.parent_path());
    count(kFolderBytes);
    if (mkdir((target_ / path).c_str(), 0777) != 0 && !fs::is_directory(target_ / path))
      refuse("is in a folder that is a file, too, or cannot be made");
    folders_.insert(path.native());
  }

  void count(std::uint64_t bytes) {
    written_ += bytes;
    if (written_ <= most_) return;
    refuse("makes more than " + std::to_string(most_) + " bytes of an archive of " + std::to_string(fs::file_size(file_)));
  }

  /// What the entry says of its size: a lie is found when it is written.
  void foresee(std::uint64_t bytes) const {
    if (bytes > limits_.file_bytes) too_large();
    const std::uint64_t free = fs::space(target_).available;
    if (bytes > free)
      throw Error("ModuleOutOfMemory.disk",
                  {{"path", target_.string()}, {"needed", std::to_string(bytes)}, {"free", std::to_string(free)}});
  }
  [[noreturn]] void too_large() const { refuse("is larger than " + std::to_string(limits_.file_bytes) + " bytes"); }

  void write(const fs::path& path) {
    runtime::FileWriter writer(path);
    std::uint64_t size = 0;
    while (true) {
      const la_ssize_t got = archive_read_data(archive_.get(), piece_.data(), piece_.size());
      if (got < 0) refuse("is damaged: " + reason());
      if (got == 0) break;
      size += static_cast<std::uint64_t>(got);
      if (size > limits_.file_bytes) too_large();
      count(static_cast<std::uint64_t>(got));
      writer.write(piece_.data(), static_cast<std::size_t>(got));
    }
    writer.close();
  }

  const fs::path &file_, &target_;
  const ArchiveLimits& limits_;
  Account* const account_;
  std::unique_ptr<archive, int (*)(archive*)> archive_;
  std::vector<char> piece_ = std::vector<char>(1 << 18);
  std::string name_;                                 ///< of the entry at hand
  std::unordered_set<std::string> folders_, tools_;  ///< that were made; that were told
  std::uint64_t files_ = 0, written_ = 0, most_ = 0;
};

}  // namespace

bool is_archive_name(const fs::path& file) {
  static const std::set<std::string> kExtensions = {".zip", ".tar", ".gz", ".tgz", ".bz2", ".tbz", ".tbz2"};
  return kExtensions.contains(runtime::lower(file.extension().string()));
}

bool holds_files(const fs::path& file) {
  const std::string packed = runtime::lower(file.extension().string());
  if ((packed != ".gz" && packed != ".bz2") || runtime::lower(file.stem().extension().string()) == ".tar") return true;
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  if (!reader) throw std::bad_alloc();
  archive_read_support_filter_gzip(reader.get());
  archive_read_support_filter_bzip2(reader.get());
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_zip_seekable(reader.get());
  archive_entry* entry = nullptr;
  return archive_read_open_filename(reader.get(), file.c_str(), 1 << 18) == ARCHIVE_OK &&
         archive_read_next_header(reader.get(), &entry) >= ARCHIVE_WARN;
}

std::uint64_t unpack(const fs::path& archive, const fs::path& target, const ArchiveLimits& limits, Account* account) {
  const runtime::Utf8Locale utf8_names;  // in the C locale libarchive would lose a ZIP file's names that are not ASCII
  return Unpacker(archive, target, limits, account).run();
}

}  // namespace torchport::datasets
