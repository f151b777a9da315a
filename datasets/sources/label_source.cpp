#include "datasets/sources/label_source.h"

#include <algorithm>
#include <map>

#include "datasets/codecs/header.h"
#include "datasets/sources/image_tree.h"
#include "datasets/sources/path_map.h"
#include "runtime/error/error.h"
#include "runtime/text/lower.h"
#include "runtime/text/text.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
using runtime::Error;
namespace {

[[noreturn]] void fail(const fs::path& file, std::size_t line, const std::string& reason) {
  throw Error("InvalidDataset.label_file", {{"path", file.string()}, {"line", std::to_string(line)}, {"reason", reason}});
}

/// The labelled rows, each address once.
std::vector<LabelRow> labelled(const std::vector<LabelRow>& rows, const fs::path& file, Account& account) {
  std::map<std::string_view, const LabelRow*> seen;
  std::vector<LabelRow> kept;
  for (const LabelRow& row : rows) {
    if (!row.label) {
      account.leave_out("without a label", row.address);
      continue;
    }
    if (row.label->find('\0') != std::string::npos) fail(file, row.line, "has a zero byte in its label");
    const auto [other, fresh] = seen.emplace(row.address, &row);
    if (!fresh && other->second->label != row.label)
      fail(file, row.line,
           "has another label for the image of line " + std::to_string(other->second->line) + ": an image has one category here");
    if (!fresh) {
      account.leave_out("listed twice", row.address);
    } else if (has_image_extension(fs::path(row.address.substr(0, row.address.find('?'))).string())) {
      kept.push_back(row);
    } else {
      account.leave_out_type(row.address);
    }
  }
  return kept;
}

}  // namespace

ImageSource label_source(const std::vector<LabelRow>& rows, const fs::path& file, const fs::path& root,
                         const SourceOptions& options) {
  ImageSource source;
  const std::vector<LabelRow> kept = labelled(rows, file, source.account);
  std::vector<std::string> addresses, names, paths;
  for (const LabelRow& row : kept) {
    addresses.push_back(row.address);
    names.push_back(*row.label);
  }
  std::string how;
  for (const fs::path& found : find_images(addresses, options.path_map, root, file.parent_path(), how))
    paths.push_back(fs::absolute(found).lexically_normal().string());
  if (options.log && !how.empty()) options.log->info(how);
  std::vector<std::string> sorted = paths;
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    throw Error(
        "InvalidDataset.label_file",
        {{"path", file.string()}, {"line", "1"}, {"reason", "and later lines name the file '" + *twice + "' by two addresses"}});
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  source.categories = names;
  const ReadableImages readable = keep_readable("", paths, options.threads, source.account);
  for (std::size_t i = 0, next = 0; i < kept.size() && next < readable.files.size(); ++i) {
    if (readable.files[next] != paths[i]) continue;  // those that are kept come in the same order
    const auto place = std::lower_bound(names.begin(), names.end(), *kept[i].label) - names.begin();
    source.items.push_back({fs::path(paths[i]).filename().string(), static_cast<std::int32_t>(place), paths[i],
                            readable.sizes[next], readable.stored[next]});
    ++next;
  }
  return source;
}

std::vector<fs::path> label_files(const fs::path& folder, bool (*fits)(const fs::path&),
                                  const std::vector<std::string>& extensions) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    std::error_code none;  // a link in a circle is no file
    const std::string extension = runtime::lower(entry.path().extension().string());
    if (entry.path().filename().native().starts_with('.') || !entry.is_regular_file(none)) continue;
    if (std::find(extensions.begin(), extensions.end(), extension) != extensions.end() && fits(entry.path()))
      files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

fs::path only_first(const std::vector<fs::path>& files, runtime::Log* log) {
  std::vector<std::string> others;
  for (std::size_t i = 1; i < files.size(); ++i) others.push_back(files[i].filename().string());
  if (log && !others.empty())
    log->warning("Of several label files only " + files.front().string() + " is taken. Left out " + std::to_string(others.size()) +
                 ": " + runtime::join(others, ", "));
  return files.front();
}

}  // namespace torchport::datasets
