#include "datasets/image_source.h"

#include <random>

#include "datasets/image_directory.h"
#include "datasets/image_tree.h"
#include "runtime/error.h"
#include "runtime/files.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
using runtime::Error;
namespace {

constexpr const char* kWhat = "input";

/// Compressed files at the top, which are not unpacked.
std::vector<std::string> archives_in(const fs::path& folder) {
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    for (const char* known : {".zip", ".tar", ".gz", ".bz2"}) {
      if (extension == known) found.push_back(entry.path().string());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// How many of `limit` each group gets: its share rounded down, the rest to the largest remainders, at least one each.
std::vector<std::size_t> shares(const std::vector<std::size_t>& sizes, std::size_t limit, std::size_t total) {
  std::vector<std::size_t> share(sizes.size()), order;
  std::size_t given = 0;
  for (std::size_t g = 0; g < sizes.size(); ++g) {
    share[g] = std::max<std::size_t>(limit * sizes[g] / total, sizes[g] > 0);
    given += share[g];
    order.push_back(g);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return limit * sizes[a] % total > limit * sizes[b] % total; });
  for (std::size_t k = 0; given < limit; k = (k + 1) % order.size()) {
    if (share[order[k]] == sizes[order[k]]) continue;
    ++share[order[k]];
    ++given;
  }
  while (given > limit) {  // small groups were raised to one: the largest pays
    --*std::max_element(share.begin(), share.end());
    --given;
  }
  return share;
}

std::string target_name(const ImageSource::Item& item, std::size_t index) {
  if (!item.label) return "image/" + item.file_name;
  return "image/" + std::to_string(*item.label) + "_" + std::to_string(index) + fs::path(item.file_name).extension().string();
}

}  // namespace

ImageSource open_source(const std::string& format, const SourceOptions& options) {
  const runtime::Fields fields = {{"what", kWhat}, {"path", options.path.string()}, {"format", format}};
  try {
    if (!fs::is_directory(options.path)) throw Error("InvalidDataset.unsupported_input", fields);
    if (fs::exists(options.path / "_meta.yaml")) throw Error("InvalidDataset.already_converted", fields);
    std::optional<ImageSource> best;
    for (const auto& [name, open] : formats()) {
      if (format != "auto" && format != name) continue;
      std::optional<ImageSource> source = open(options);
      if (source && (!best || source->categories)) best = std::move(source);
      if (best && best->categories) break;
    }
    if (best) return std::move(*best);
    if (format != "auto") throw Error("InvalidDataset.not_this_format", fields);
    const std::vector<std::string> archives = archives_in(options.path);
    if (!archives.empty()) throw Error("InvalidDataset.unsupported_input", {{"path", archives.front()}});
    throw Error("InvalidDataset.no_images", fields);
  } catch (const fs::filesystem_error& error) {
    throw Error("CouldNotOpenFile.file", {{"path", error.path1().string()}, {"reason", error.code().message()}});
  }
}

void limit_items(ImageSource& source, std::int64_t limit, std::int64_t seed) {
  const std::size_t total = source.items.size(), most = static_cast<std::size_t>(limit);
  if (most >= total) return;
  std::vector<std::vector<std::size_t>> groups(source.categories ? source.categories->size() : 1);
  for (std::size_t i = 0; i < total; ++i) groups[static_cast<std::size_t>(source.items[i].label.value_or(0))].push_back(i);
  std::vector<std::size_t> sizes;
  for (const auto& group : groups) sizes.push_back(group.size());
  const auto filled =
      static_cast<std::size_t>(std::count_if(sizes.begin(), sizes.end(), [](std::size_t size) { return size > 0; }));
  if (most < filled) throw Error("GreaterThanOrEqualTo.limit", {{"value", std::to_string(limit)}, {"low", std::to_string(filled)}});
  const std::vector<std::size_t> share = shares(sizes, most, total);
  std::mt19937_64 random(static_cast<std::uint64_t>(seed));
  std::vector<std::size_t> kept;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    std::vector<std::size_t>& group = groups[g];
    for (std::size_t k = 0; k < share[g]; ++k) {  // the beginning of a Fisher-Yates shuffle, the same on every standard library
      std::swap(group[k], group[k + random() % (group.size() - k)]);
      kept.push_back(group[k]);
    }
  }
  std::sort(kept.begin(), kept.end());
  std::vector<ImageSource::Item> items;
  for (const std::size_t i : kept) items.push_back(std::move(source.items[i]));
  source.items = std::move(items);
  source.read = [read = std::move(source.read), kept = std::move(kept)](std::size_t i) { return read(kept[i]); };
}

void write_image_directory(const ImageSource& source, const fs::path& target) {
  runtime::OutputDirectory output(target);
  ImageDirectoryWriter writer(output, source.categories);
  for (std::size_t i = 0; i < source.items.size(); ++i) {
    const ImageSource::Item& item = source.items[i];
    std::string bytes;
    try {
      bytes = source.read(i);
    } catch (const std::runtime_error& error) {
      throw Error("CouldNotOpenFile.file", {{"path", item.origin}, {"reason", error.what()}});
    }
    writer.add(target_name(item, i), bytes, item.label);
  }
  writer.publish();
}

}  // namespace torchport::datasets
