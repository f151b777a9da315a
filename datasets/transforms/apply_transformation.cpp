#include "datasets/transforms/apply_transformation.h"

#include <mutex>
#include <unordered_set>

#include "datasets/codecs/png.h"
#include "datasets/directory/image_sizes.h"
#include "datasets/each.h"
#include "datasets/in_order.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/space.h"

namespace torchport::datasets {
namespace {

constexpr std::size_t kImagesShown = 10;

runtime::Error broken_image(const ImageDirectory& images, std::size_t i, const std::string& reason) {
  const std::string path = (images.root() / images.file(i)).string();
  return runtime::Error("UserError.broken_image", {{"path", path}, {"what", images.what()}, {"reason", reason}});
}

std::optional<std::vector<std::string>> category_names(const ImageDirectory& images) {
  if (!images.labelled()) return std::nullopt;
  std::vector<std::string> names;
  for (const Category& category : images.categories()) names.push_back(category.name);
  return names;
}

std::optional<std::int32_t> label(const ImageDirectory& images, std::size_t i) {
  return images.labelled() ? std::optional(images.label(i)) : std::nullopt;
}

/// The files' names, with `ending` where one is given. Two that are alike then, as a.jpg and a.png with .png, or in an index that
/// names a file twice, become a.png and a-2.png.
std::vector<std::string> file_names(const ImageDirectory& images, const std::optional<std::string>& ending) {
  std::vector<std::string> names;
  if (!ending) {  // as a rule all are different, and stay
    std::unordered_set<std::string_view> files;
    while (names.size() < images.size() && files.insert(images.file(names.size())).second)
      names.emplace_back(images.file(names.size()));
    if (names.size() == images.size()) return names;
    names.clear();
  }
  std::set<std::string> taken;
  std::map<std::string, int> counts;  // of a name: where the next of its kind looks on, so that many of them stay cheap
  for (std::size_t i = 0; i < images.size(); ++i) {
    std::filesystem::path stem(images.file(i));
    const std::string extension = ending.value_or(stem.extension().string());
    stem.replace_extension();
    std::string name = stem.string() + extension;
    int& count = counts.try_emplace(name, 1).first->second;
    while (!taken.insert(name).second) name = stem.string() + "-" + std::to_string(++count) + extension;
    names.push_back(std::move(name));
  }
  return names;
}

}  // namespace

std::vector<ImageSize> check_transformable(const ImageDirectory& images, const Transformation& transformation, int threads,
                                           runtime::Log& log) {
  std::vector<ImageSize> sizes(images.size());
  const ImageSizes known(images);
  std::mutex mutex;
  std::map<std::size_t, std::string> faults;
  each(images.size(), threads, [&](std::size_t i) {
    try {
      sizes[i] = known.of(i);
      transformation.size(sizes[i]);
    } catch (const TransformError& error) {
      const std::lock_guard lock(mutex);
      faults[i] = error.what();
    } catch (const std::runtime_error& error) {
      throw broken_image(images, i, error.what());
    }
  });
  if (const std::string doubts = known.doubts(); !doubts.empty()) log.warning(doubts);
  if (faults.empty()) return sizes;
  std::vector<runtime::Detail> shown;
  for (const auto& [i, fault] : faults)
    if (shown.size() < kImagesShown) shown.push_back({std::string(images.file(i)), fault});
  throw runtime::Error("InvalidDataset.cannot_transform",
                       {{"what", images.what()},
                        {"path", images.root().string()},
                        {"count", std::to_string(faults.size())},
                        {"total", std::to_string(images.size())}},
                       std::move(shown));
}

void transform_once(const ImageDirectory& images, const Transformation& transformation, std::int64_t seed, int threads,
                    const std::filesystem::path& target) {
  runtime::OutputDirectory output(target);
  ImageDirectoryWriter writer(output, category_names(images));
  const std::vector<std::string> names = file_names(images, ".png");
  const auto make = [&](std::size_t i) {
    Pixels pixels;
    try {
      decode(runtime::read_file(images.path(i), kMaxImageFile), pixels);
      transformation.apply(pixels, {seed, 0, i});
    } catch (const std::runtime_error& error) {
      throw broken_image(images, i, error.what());
    }
    return encode_png(pixels.rgb, pixels.width, pixels.height, 3);
  };
  in_order(images.size(), threads, make,
           [&](std::size_t i, const std::string& png) { writer.add(names[i], png, label(images, i), images.id(i)); });
  writer.publish();
}

runtime::CopyCounts carry_transformation(const ImageDirectory& images, const Transformation& transformation,
                                         const std::filesystem::path& target, const CarryOptions& how) {
  using Writer = ImageDirectoryWriter;
  runtime::OutputDirectory output(target);
  const auto from = [&](std::size_t i) { return images.path(i); };
  runtime::check_space({{images.size(), from, output.staging(), how.sharing}});
  Extension extension = images.extension();
  extension["transforms"] = transformation.json();
  Writer writer(output, category_names(images), std::move(extension));
  const std::vector<std::string> names = file_names(images, std::nullopt);
  const auto file = [&](std::size_t i) {
    return Writer::File{names[i], label(images, i), images.id(i), how.sizes.empty() ? ImageSize{} : how.sizes[i]};
  };
  const bool link = how.sharing == runtime::Sharing::inode;
  const auto counts =
      writer.add_files(images.size(), file, from, link ? Writer::Transfer::link : Writer::Transfer::copy, how.threads);
  writer.publish();
  return counts;
}

}  // namespace torchport::datasets
