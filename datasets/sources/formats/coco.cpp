// A COCO file (JSON with images, annotations and categories), annotated for classification: one category an image. It lies beside
// its images, or in a folder beside theirs, as in annotations/ and images/.
#include <algorithm>

#include "datasets/codecs/header.h"
#include "datasets/sources/coco_file.h"
#include "datasets/sources/coco_places.h"
#include "datasets/sources/image_source.h"
#include "datasets/sources/image_tree.h"
#include "datasets/sources/parts.h"
#include "runtime/error/error.h"
#include "runtime/text/lower.h"
#include "runtime/text/text.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
using runtime::Error;
namespace {

constexpr std::size_t kMostFiles = 64;  ///< JSON files of a folder below the top; where there are more, each belongs to an image
constexpr std::size_t kShown = 3;

[[noreturn]] void fail(const fs::path& file, const std::string& reason) {
  throw Error("InvalidDataset.coco", {{"path", file.string()}, {"reason", reason}});
}

/// "a, b, c" or "a, b, c ...".
std::string first_of(std::vector<std::string> names) {
  const bool more = names.size() > kShown;
  names.resize(std::min(kShown, names.size()));
  return runtime::join(names, ", ") + (more ? " ..." : "");
}

/// A COCO file that can be used, and the folder of its images.
struct Found {
  fs::path file, root;
  CocoFile coco;
};

/// The JSON files of a folder, those first whose names have the subset's in them.
std::vector<fs::path> json_files(const fs::path& folder, const std::string& subset) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string extension = runtime::lower(entry.path().extension().string());
    const bool hidden = entry.path().filename().native().starts_with('.');
    std::error_code none;  // a link in a circle is no file
    if (extension == ".json" && !hidden && entry.is_regular_file(none)) files.push_back(entry.path());
  }
  const auto other = [&](const fs::path& file) { return file.stem().string().find(subset) == std::string::npos; };
  std::sort(files.begin(), files.end(), [&](const fs::path& a, const fs::path& b) {
    return std::pair(other(a), a.filename()) < std::pair(other(b), b.filename());
  });
  return files;
}

/// The first of them that is a COCO file for classification. Those for other things are passed over where there is one.
std::optional<Found> take_first(const std::vector<fs::path>& files, const fs::path& root, runtime::Log* log) {
  std::optional<Error> other_kind;
  std::vector<std::string> strange;
  for (const fs::path& file : files) {
    try {
      auto coco = read_coco_file(file);
      if (!coco && looks_like_coco(file)) strange.push_back(file.string());
      if (!coco) continue;
      std::vector<std::string> others;
      for (const fs::path& other : files)
        if (other != file && looks_like_coco(other)) others.push_back(other.filename().string());
      if (log && !others.empty())
        log->warning("Of several COCO files only " + file.string() + " is taken. Left out " + std::to_string(others.size()) + ": " +
                     first_of(others));
      return Found{file, root, std::move(*coco)};
    } catch (const Error& error) {
      if (error.key() != "InvalidDataset.annotation_type") throw;
      if (!other_kind) other_kind = error;
    }
  }
  if (other_kind) throw Error(*other_kind);
  if (log && !strange.empty())
    log->warning("Not used, because they are not COCO files, without lists 'images' and 'annotations' at the top: " +
                 first_of(strange));
  return std::nullopt;
}

/// Looks at the top, then one folder deeper.
std::optional<Found> find_coco(const fs::path& root, const SourceOptions& options) {
  if (auto found = take_first(json_files(root, options.subset), root, options.log)) return found;
  std::set<fs::path> folders;
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    if (std::error_code none; !entry.is_directory(none) || entry.path().filename().native().starts_with('.')) continue;
    const std::vector<fs::path> files = json_files(entry.path(), options.subset);
    if (files.size() <= kMostFiles && std::any_of(files.begin(), files.end(), looks_like_coco)) folders.insert(entry.path());
  }
  if (folders.empty()) return std::nullopt;
  if (folders.size() > 1) {  // train/ and valid/, each with its own, as Roboflow writes them
    std::vector<std::string> names, below;
    for (const fs::path& folder : folders) {
      names.push_back(json_files(folder, options.subset).front().lexically_relative(root).string());
      below.push_back(folder.lexically_relative(options.path).string());
    }
    throw Error("InvalidDataset.coco_folders", {{"path", root.string()}, {"files", first_of(names)}}, commands_for(below, options));
  }
  return take_first(json_files(*folders.begin(), options.subset), root, options.log);
}

std::vector<std::string> addresses_of(const CocoFile::Image& image) {
  std::vector<std::string> addresses = image.urls;
  addresses.push_back(image.file);
  return addresses;
}

/// Where --path_map says that an image lies, by its name or one of its addresses; not as a path below the root.
std::optional<std::string> mapped_file(const CocoFile::Image& image, const SourceOptions& options) {
  for (const std::string& address : addresses_of(image)) {
    std::error_code none;
    const auto file = mapped(options.path_map, address, options.links);
    if (file && fs::is_regular_file(*file, none)) return fs::absolute(*file).string();
  }
  return std::nullopt;
}

/// What was read into names that are not the paths of their files.
void say_guesses(const std::vector<CocoFile::Image>& images, const std::vector<std::string>& files,
                 const std::vector<std::string>& by_end, runtime::Log* log) {
  if (!log) return;
  if (!by_end.empty())
    log->info(std::to_string(by_end.size()) + " of " + std::to_string(images.size()) +
              " images are found by the ends of their paths alone: " + by_end.front());
  std::vector<std::string> names;
  for (const CocoFile::Image& image : images) names.push_back(image.file);
  const std::string slashes = read_as_slashes(names, {files.begin(), files.end()});
  if (!slashes.empty()) log->info(slashes);
}

/// The image files below the root or where they are mapped to, checked: there, each once. "" stands for those whose names are not
/// of images.
std::vector<std::string> checked_files(const Found& found, const std::vector<std::string>& images, const SourceOptions& options,
                                       Account& account) {
  const CocoPlaces places(found.root, found.file, images);
  std::vector<std::string> files, missing, by_end;
  std::vector<std::string_view> missing_urls;
  for (const CocoFile::Image& image : found.coco.images) {
    if (!has_image_extension(image.file)) {
      const fs::path file = fs::path(image.file).lexically_normal();
      const bool elsewhere = file.is_absolute() || *file.begin() == "..";
      if (std::error_code none; elsewhere || !fs::exists(found.root / file, none))
        account.leave_out_type(image.file);  // else it is counted
      files.emplace_back();
      continue;
    }
    try {
      const auto by_map = mapped_file(image, options);
      const auto place = by_map ? std::nullopt : places.find(image.file);
      files.push_back(by_map ? *by_map : place ? place->file : "");
      if (place && place->by_end) by_end.push_back(image.file + " is " + place->file);
    } catch (const std::runtime_error& error) {
      fail(found.file, "the file '" + image.file + "' " + error.what());
    }
    if (!files.back().empty()) continue;
    if (!image.urls.empty()) missing_urls.push_back(image.urls.front());
    missing.push_back(image.file);
  }
  std::vector<std::string_view> sorted(files.begin(), files.end());
  std::erase(sorted, "");
  std::sort(sorted.begin(), sorted.end());
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end())
    fail(found.file, "the file '" + std::string(*twice) + "' is there twice");
  if (!missing_urls.empty())
    throw Error("InvalidDataset.label_images", {{"count", std::to_string(missing.size())},
                                                {"total", std::to_string(found.coco.images.size())},
                                                {"path", found.root.string()},
                                                {"first", std::string(missing_urls.front())},
                                                {"head", common_head(missing_urls)}});
  if (!missing.empty())
    throw Error("InvalidDataset.coco_images", {{"count", std::to_string(missing.size())},
                                               {"total", std::to_string(found.coco.images.size())},
                                               {"path", found.file.string()},
                                               {"first", missing.front()},
                                               {"head", common_head({missing.begin(), missing.end()})}});
  say_guesses(found.coco.images, files, by_end, options.log);
  for (const std::string& image : images)
    if (!std::binary_search(sorted.begin(), sorted.end(), image)) account.leave_out("not listed in the COCO file", image);
  return files;
}

ImageSource source_of(const Found& found, const SourceOptions& options) {
  const CocoFile& coco = found.coco;
  ImageWalk walk = walk_images(found.root, {"input", options.links, options.path, options.own, {found.file}});
  ImageSource source;
  source.account = std::move(walk.account);
  source.keeps_names = true;
  std::map<std::int64_t, std::int32_t> place;  // COCO's ids may begin at 1 and have gaps
  const bool labelled = !coco.found.empty();
  if (labelled) source.categories.emplace();
  for (const auto& [id, name] : coco.categories) {
    if (!labelled) break;
    place[id] = static_cast<std::int32_t>(source.categories->size());
    source.categories->push_back(name);
  }
  if (!coco.strangers.empty()) source.account.remark(found.file.filename().string() + ": " + coco.strangers);
  const std::vector<std::string> files = checked_files(found, walk.images, options, source.account);
  std::vector<std::string> addresses, named;
  for (const CocoFile::Image& image : coco.images)
    if (!options.path_map.empty()) std::ranges::move(addresses_of(image), std::back_inserter(addresses));
  source.unused_prefixes = unused_prefixes(options.path_map, addresses);
  for (const std::string& file : files)
    if (!file.empty()) named.push_back(file);
  const ReadableImages kept = keep_readable(found.root, named, options.threads, source.account, options.log);
  std::set<std::int64_t> used;
  for (std::size_t i = 0, next = 0; i < files.size(); ++i) {
    if (next == kept.files.size() || kept.files[next] != files[i]) continue;  // those that are kept come in the same order
    const std::size_t at = next++;
    const std::int64_t id = coco.images[i].id;
    ImageSource::Item item{std::to_string(id) + fs::path(files[i]).extension().string(), std::nullopt,
                           (found.root / files[i]).string(), kept.sizes[at], kept.stored[at]};
    const auto category = coco.category_of(id);
    if (category) {
      item.label = place.at(*category);
      used.insert(*category);
    }
    if (item.label.has_value() == labelled) {
      source.items.push_back(std::move(item));
    } else {
      source.account.leave_out("without an annotation", files[i]);
    }
  }
  std::vector<std::string> empty;  // they keep their ids
  for (const auto& [id, name] : coco.categories)
    if (labelled && !used.contains(id)) empty.push_back(name);
  if (!empty.empty()) source.account.remark(std::to_string(empty.size()) + " categories have no image: " + first_of(empty));
  return source;
}

}  // namespace

std::optional<ImageSource> coco(const SourceOptions& options) {
  const auto found = find_coco(only_folder(options.path), options);
  return found ? std::optional(source_of(*found, options)) : std::nullopt;
}

}  // namespace torchport::datasets
