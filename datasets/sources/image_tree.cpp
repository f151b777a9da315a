#include "datasets/sources/image_tree.h"

#include <mutex>

#include "datasets/codecs/sound.h"
#include "datasets/each.h"
#include "datasets/sources/image_walk.h"
#include "runtime/error/error.h"
#include "runtime/files/stamp.h"
#include "runtime/report/progress_line.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

std::vector<fs::directory_entry> entries_of(const fs::path& folder) {
  std::vector<fs::directory_entry> entries;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (is_users(entry.path())) entries.push_back(entry);
  }
  return entries;
}

}  // namespace

ClassFolders sort_into_classes(std::vector<std::string> images) {
  ClassFolders found;
  std::set<std::string> categories;
  for (std::string& file : images) {
    const bool one_deep = std::count(file.begin(), file.end(), '/') == 1;
    if (one_deep) categories.emplace(class_of(file));
    (one_deep ? found.files : found.ignored).push_back(std::move(file));
  }
  found.categories.assign(categories.begin(), categories.end());
  return found;
}

std::string class_root(const std::vector<std::string>& images) {
  std::string root;
  while (!images.empty()) {
    const std::size_t slash = images.front().find('/', root.size());
    if (slash == std::string::npos) break;
    const std::string child = images.front().substr(0, slash + 1);
    if (!images.back().starts_with(child)) break;  // they are sorted
    const auto direct = static_cast<std::size_t>(std::count_if(
        images.begin(), images.end(), [&](const std::string& file) { return file.find('/', child.size()) == file.npos; }));
    if (2 * direct >= images.size()) break;
    root = child;
  }
  return root;
}

fs::path only_folder(fs::path folder) {
  while (true) {
    const std::vector<fs::directory_entry> entries = entries_of(folder);
    if (entries.size() != 1 || entries[0].is_symlink() || !entries[0].is_directory()) return folder;
    folder = entries[0].path();
  }
}

fs::path image_root(const fs::path& folder) {
  const fs::path deepest = only_folder(folder);
  if (deepest == folder) return folder;
  const std::vector<fs::directory_entry> entries = entries_of(deepest);
  const bool folders = std::any_of(entries.begin(), entries.end(), [](const auto& entry) {
    std::error_code none;  // a link in a circle is no folder
    return entry.is_directory(none);
  });
  return folders ? deepest : deepest.parent_path();
}

namespace {

/// What is not stored under its name or as it is.
void remark_stored(const ReadableImages& kept, Account& account) {
  std::size_t remade = 0, renamed = 0;
  std::string first_remade, first_renamed;
  for (std::size_t i = 0; i < kept.files.size(); ++i) {
    if (kept.stored[i].as_png && remade++ == 0) first_remade = kept.files[i];
    if (!kept.stored[i].as_png && !kept.stored[i].suffix.empty() && renamed++ == 0) first_renamed = kept.files[i];
  }
  if (remade > 0) {
    account.remark("Stored as PNG, which loses nothing of their first frame: " + std::to_string(remade) +
                   " GIF or HEIC images, which the original does not take; the first is " + first_remade);
  }
  if (renamed > 0) {
    account.remark("Stored under an extension that the original takes: " + std::to_string(renamed) + " images; the first is " +
                   first_renamed);
  }
}

}  // namespace

ReadableImages keep_readable(const fs::path& root, const std::vector<std::string>& images, int threads, Account& account,
                             runtime::Log* log) {
  std::vector<ImageHeader> headers(images.size());
  std::vector<std::int64_t> bytes(images.size());
  std::mutex mutex;
  std::map<std::size_t, std::string> faults;
  runtime::ProgressLine line(log, "looking at", images.size());
  each(images.size(), threads, [&](std::size_t i) {
    line.done();
    try {
      bytes[i] = runtime::stamp_of(root / images[i]).value_or(runtime::Stamp{}).bytes;
      headers[i] = check_image_file(root / images[i]);
    } catch (const ImageError& error) {
      const std::lock_guard lock(mutex);
      faults[i] = error.what();
    } catch (const std::runtime_error& error) {
      throw runtime::Error("CouldNotOpenFile.input_file", {{"path", (root / images[i]).string()}, {"reason", error.what()}});
    }
  });
  ReadableImages kept;
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (const auto fault = faults.find(i); fault != faults.end()) {
      account.leave_out("unreadable", images[i], fault->second);
      continue;
    }
    kept.files.push_back(images[i]);
    kept.sizes.push_back({headers[i].height, headers[i].width});
    kept.stored.push_back(stored_as(images[i], headers[i].format));
    kept.stored.back().bytes = bytes[i];
  }
  remark_stored(kept, account);
  return kept;
}

std::string_view class_of(std::string_view file) { return file.substr(0, file.find('/')); }

}  // namespace torchport::datasets
