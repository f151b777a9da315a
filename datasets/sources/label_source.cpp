#include "datasets/sources/label_source.h"

#include <algorithm>
#include <map>
#include <set>

#include "datasets/codecs/header.h"
#include "datasets/sources/image_tree.h"
#include "datasets/sources/path_map.h"
#include "runtime/text/lower.h"
#include "runtime/text/text.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
namespace {

/// The rows of images that have a label.
std::vector<const LabelRow*> labelled(const std::vector<LabelRow>& rows, const fs::path& file, Account& account) {
  std::vector<const LabelRow*> kept;
  std::vector<const LabelRow*> chosen;
  for (const LabelRow& row : rows) {
    if (row.address.find('\0') != row.address.npos) refuse_row(file, row.line, "has a zero byte in its address");
    if (!row.label) {
      account.leave_out("without a label", row.address);
    } else if (row.label->find('\0') != row.label->npos) {
      refuse_row(file, row.line, "has a zero byte in its label");
    } else if (has_image_extension(fs::path(path_in(row.address)).filename().native())) {
      kept.push_back(&row);
      if (row.chosen) chosen.push_back(&row);
    } else {
      account.leave_out_type(row.address);
    }
  }
  if (!chosen.empty())
    account.remark(std::to_string(chosen.size()) + " of " + std::to_string(kept.size()) +
                   " images have several labels, of which the one with the highest confidence counts: " + chosen.front()->address +
                   " is " + *chosen.front()->label);
  return kept;
}

/// One image file and what the first row says that names it.
struct Named {
  std::string path;
  const LabelRow* row;
};

/// Each file once.
std::vector<Named> once(const std::vector<const LabelRow*>& rows, const std::vector<fs::path>& files, const fs::path& file,
                        Account& account) {
  std::map<fs::path, const LabelRow*> seen;
  std::vector<Named> kept;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto [first, fresh] = seen.emplace(fs::absolute(files[i]).lexically_normal(), rows[i]);
    if (fresh) {
      kept.push_back({files[i].string(), rows[i]});
      continue;
    }
    if (first->second->label != rows[i]->label)
      refuse_row(
          file, rows[i]->line,
          "has another label for the image of line " + std::to_string(first->second->line) + ": an image has one category here");
    account.leave_out("listed twice", rows[i]->address);
  }
  return kept;
}

/// Images of the input that no row names.
void account_for_others(const std::vector<std::string>& images, const fs::path& root, const std::vector<fs::path>& files,
                        Account& account) {
  std::vector<std::string> named;
  for (const fs::path& file : files) named.push_back(file.string());
  std::sort(named.begin(), named.end());
  for (const std::string& image : images)
    if (!std::binary_search(named.begin(), named.end(), (root / image).string()))
      account.leave_out("not listed in the label file", image);
}

}  // namespace

ImageSource label_source(const std::vector<LabelRow>& rows, const LabelFile& at, const SourceOptions& options) {
  std::vector<fs::path> taken = at.beside;
  taken.push_back(at.file);
  ImageWalk walk;
  if (options.label_file.empty()) walk = walk_images(at.root, {"input", options.links, options.path, options.own, taken});
  ImageSource source;
  source.account = std::move(walk.account);
  const std::vector<const LabelRow*> kept = labelled(rows, at.file, source.account);
  std::vector<std::string> addresses, names, paths;
  for (const LabelRow* const row : kept) addresses.push_back(row->address);
  const fs::path beside = at.file.parent_path().lexically_relative(at.root);
  const ImagePlaces places{at.root, beside.empty() || beside == "." ? "" : beside.string() + "/", walk.images};
  const FoundImages found = find_images(addresses, options.path_map, options.links, places);
  for (const std::string& note : found.notes)
    if (options.log) options.log->info(note);
  source.unused_prefixes = unused_prefixes(options.path_map, addresses);
  account_for_others(walk.images, at.root, found.files, source.account);
  const std::vector<Named> images = once(kept, found.files, at.file, source.account);
  for (const Named& image : images) {
    names.push_back(*image.row->label);
    paths.push_back(image.path);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  source.categories = names;
  const ReadableImages readable = keep_readable("", paths, options.threads, source.account, options.log);
  for (std::size_t i = 0, next = 0; i < images.size() && next < readable.files.size(); ++i) {
    if (readable.files[next] != paths[i]) continue;  // those that are kept come in the same order
    const auto place = std::lower_bound(names.begin(), names.end(), *images[i].row->label) - names.begin();
    source.items.push_back({fs::path(paths[i]).filename().string(), static_cast<std::int32_t>(place), paths[i],
                            readable.sizes[next], readable.stored[next]});
    ++next;
  }
  return source;
}

std::optional<LabelFile> find_label_file(const SourceOptions& options, std::string_view extension, bool (*fits)(const fs::path&)) {
  const fs::path root = only_folder(options.path);
  std::error_code none;
  if (const fs::path& one = options.label_file; !one.empty()) {
    if (runtime::lower(one.extension().string()) != extension || !fits(one)) return std::nullopt;
    return LabelFile{options.path, one};
  }
  if (fs::exists(root / kTableFile, none)) return std::nullopt;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    if (!is_users(entry.path()) || (options.links == Links::skip && entry.is_symlink())) continue;
    if (!entry.is_regular_file(none) || runtime::lower(entry.path().extension().string()) != extension) continue;
    if (fits(entry.path())) files.push_back(entry.path());
  }
  if (files.empty()) return std::nullopt;
  std::sort(files.begin(), files.end());
  std::vector<std::string> others;
  for (std::size_t i = 1; i < files.size(); ++i) others.push_back(files[i].filename().string());
  if (options.log && !others.empty())
    options.log->warning("Of several label files only " + files.front().string() + " is taken. Left out " +
                         std::to_string(others.size()) + ": " + runtime::join(others, ", "));
  return LabelFile{root, files.front()};
}

bool is_label_file(const fs::path& path) {
  static const std::set<std::string> endings = {".jsonl", ".csv", ".json"};
  return fs::is_regular_file(path) &&
         (endings.contains(runtime::lower(path.extension().string())) || path.filename() == kTableFile);
}

std::optional<runtime::Error> fault_of_table(const SourceOptions& options) {
  SourceOptions quiet = options;
  quiet.log = nullptr;
  const auto other = find_label_file(quiet, ".csv", [](const fs::path& file) { return !heading_fault(file).empty(); });
  if (!other || find_label_file(quiet, ".csv", looks_like_label_csv)) return std::nullopt;
  return runtime::Error("InvalidDataset.label_heading", {{"path", other->file.string()}, {"reason", heading_fault(other->file)}});
}

void refuse_other_table(const std::string& format, const SourceOptions& options) {
  const auto fault = fault_of_table(options);
  if (fault && (format == "csv" || (format == "auto" && !options.path_map.empty()))) throw runtime::Error(*fault);
}

}  // namespace torchport::datasets
