#include "datasets/sources/image_walk.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "datasets/codecs/header.h"
#include "datasets/sources/foreign_names.h"
#include "runtime/error/error.h"
#include "runtime/files/output_directory.h"
#include "runtime/text/utf8.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostTold = 5;
constexpr const char* kCircle = "links in a circle or to a folder that counts already";

[[noreturn]] void cannot_read(const fs::path& path, const std::string& reason) {
  throw runtime::Error("CouldNotOpenFile.file", {{"path", path.string()}, {"reason", reason}});
}

class Walker {
 public:
  Walker(const fs::path& root, const WalkOptions& options)
      : root_(root), options_(options), input_(fs::canonical(options.input.empty() ? root : options.input)) {
    if (std::error_code error; fs::exists(options.own, error)) own_ = identity(options.own);
    for (fs::path folder = fs::canonical(root);; folder = folder.parent_path()) {
      above_.insert(identity(folder));
      if (folder == folder.parent_path()) return;
    }
  }

  ImageWalk run() {
    walk("");
    refuse_bad_names();
    std::sort(found_.images.begin(), found_.images.end());  // whatever the order of the file system
    return std::move(found_);
  }

 private:
  using Identity = std::pair<dev_t, ino_t>;

  static Identity identity(const fs::path& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) cannot_read(path, std::strerror(errno));
    return {status.st_dev, status.st_ino};
  }

  void refuse_bad_names() const {
    if (bad_.empty()) return;
    std::vector<runtime::Detail> rows;
    if (bad_.size() > 1) rows.push_back({"count", std::to_string(bad_count_)});
    for (auto name = std::next(bad_.begin()); name != bad_.end(); ++name) rows.push_back({"also", *name});
    throw runtime::Error("InvalidDataset.bad_name", {{"what", options_.what}, {"file", *bad_.begin()}, {"path", root_.string()}},
                         rows);
  }

  /// Folders are entered after this one was closed: a deep tree must not need a descriptor for each level.
  void walk(const fs::path& folder) {
    std::vector<fs::path> below;
    std::size_t entries = 0;
    try {
      for (const fs::directory_entry& entry : fs::directory_iterator(root_ / folder)) {
        if (runtime::is_staging(entry.path())) continue;
        ++entries;
        take(entry, folder / entry.path().filename(), below);
      }
    } catch (const fs::filesystem_error& error) {  // going on from entry to entry names no path
      cannot_read(error.path1().empty() ? root_ / folder : error.path1(), error.code().message());
    }
    if (!folder.empty()) found_.folders[folder.string()] = entries;
    std::sort(below.begin(), below.end());
    for (const fs::path& one : below) enter(one);
  }

  void take(const fs::directory_entry& entry, const fs::path& relative, std::vector<fs::path>& below) {
    const NameKind kind = kind_of_name(relative.filename().native());
    if (kind == NameKind::tool) return found_.account.leave_out_tool(relative.string());
    if (kind == NameKind::hidden) return found_.account.leave_out("hidden", relative.string());
    const fs::file_type type = entry.symlink_status().type();
    if (type == fs::file_type::symlink) return take_link(entry.path(), relative, below);
    if (type == fs::file_type::directory) return below.push_back(relative);
    take_file(type, relative);
  }

  void take_file(fs::file_type type, const fs::path& relative) {
    if (std::find(options_.taken.begin(), options_.taken.end(), root_ / relative) != options_.taken.end()) return;
    if (type != fs::file_type::regular) return found_.account.leave_out("neither files nor folders", relative.string());
    if (!has_image_extension(relative.filename().native())) return found_.account.leave_out_type(relative.string());
    if (!runtime::is_utf8(relative.native())) {
      if (bad_.size() < kMostTold) bad_.insert(relative.string());
      ++bad_count_;
      return;
    }
    found_.images.push_back(relative.native());
  }

  void take_link(const fs::path& path, const fs::path& relative, std::vector<fs::path>& below) {
    if (options_.links == Links::skip) return found_.account.leave_out("links", relative.string());
    std::error_code error;
    const fs::file_type type = fs::status(path, error).type();
    if (type == fs::file_type::not_found)
      return found_.account.leave_out("links to nowhere", relative.string(), "to " + fs::read_symlink(path).string());
    if (error == std::errc::too_many_symbolic_link_levels) return found_.account.leave_out(kCircle, relative.string());
    if (error) cannot_read(path, error.message());
    const bool folder = type == fs::file_type::directory;
    if (!folder && (type != fs::file_type::regular || !has_image_extension(relative.filename().native())))
      return take_file(type, relative);
    if (folder && above_.contains(identity(path))) return found_.account.leave_out(kCircle, relative.string());
    const fs::path target = fs::canonical(path);
    const bool inside = std::mismatch(input_.begin(), input_.end(), target.begin(), target.end()).first == input_.end();
    const std::string outside = inside ? "" : target.string();
    if (!inside && options_.links == Links::inside) {
      found_.outside.insert(relative.string());
      return found_.account.leave_out("links out of the input", relative.string(), "to " + outside);
    }
    if (folder && !relative.has_parent_path()) {
      top_links_[relative] = outside;
      return below.push_back(relative);
    }
    if (folder) {
      links_below_[relative] = outside;
      return;
    }
    take_file(type, relative);
    found_.account.follow(relative.string(), outside);
  }

  /// A folder at the top begins a branch: first what really lies in it, then what its links lead to.
  void enter(const fs::path& folder) {
    const bool top = !folder.has_parent_path();
    if (top) seen_ = above_;
    if (!enter_once(folder) || !top) return;
    if (const auto link = top_links_.find(folder); link != top_links_.end()) found_.account.follow(folder.string(), link->second);
    while (!links_below_.empty()) {
      const auto link = links_below_.extract(links_below_.begin());
      if (enter_once(link.key())) found_.account.follow(link.key().string(), link.mapped());
    }
  }

  bool enter_once(const fs::path& folder) {
    const Identity found = identity(root_ / folder);
    if (found == own_) return false;
    if (!seen_.insert(found).second) {
      found_.account.leave_out(kCircle, folder.string());
      return false;
    }
    walk(folder);
    return true;
  }

  const fs::path root_;
  const WalkOptions& options_;
  const fs::path input_;  ///< without links
  Identity own_{};
  std::set<Identity> above_, seen_;                          ///< the root and what it lies in; what this branch has entered, too
  std::map<fs::path, std::string> top_links_, links_below_;  ///< links to folders, and where they lead if that is outside
  ImageWalk found_;
  std::set<std::string> bad_;  ///< names that are not UTF-8, some of them
  std::size_t bad_count_ = 0;
};

}  // namespace

Links links_of(std::string_view name) {
  if (name == "follow") return Links::follow;
  if (name == "inside") return Links::inside;
  if (name == "skip") return Links::skip;
  throw std::logic_error("no way to treat links: " + std::string(name));
}

ImageWalk walk_images(const fs::path& root, const WalkOptions& options) {
  try {
    return Walker(root, options).run();
  } catch (const fs::filesystem_error& error) {
    cannot_read(error.path1(), error.code().message());
  }
}

bool is_users(const fs::path& entry) {
  return kind_of_name(entry.filename().native()) == NameKind::ordinary && !runtime::is_staging(entry);
}

}  // namespace torchport::datasets
