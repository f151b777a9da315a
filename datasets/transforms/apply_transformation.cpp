#include "datasets/transforms/apply_transformation.h"

#include "datasets/codecs/png.h"
#include "datasets/in_order.h"
#include "runtime/error/error.h"

namespace torchport::datasets {
namespace {

constexpr std::size_t kImagesShown = 10;

runtime::Error broken_image(const ImageDirectory& images, std::size_t i, std::string_view what, const std::string& reason) {
  const std::string path = (images.root() / images.file(i)).string();
  return runtime::Error("UserError.broken_image", {{"path", path}, {"what", std::string(what)}, {"reason", reason}});
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

void check_transformable(const ImageDirectory& images, const Transformation& transformation, std::string_view what, int threads) {
  std::vector<runtime::Detail> faults;
  std::size_t count = 0;
  const auto fault_of = [&](std::size_t i) -> std::string {
    ImageHeader header;
    try {
      header = read_file_header(images.path(i));
    } catch (const std::runtime_error& error) {
      throw broken_image(images, i, what, error.what());
    }
    try {
      transformation.size({header.height, header.width});
      return "";
    } catch (const TransformError& error) {
      return error.what();
    }
  };
  in_order(images.size(), threads, fault_of, [&](std::size_t i, const std::string& fault) {
    if (!fault.empty() && ++count <= kImagesShown) faults.push_back({std::string(images.file(i)), fault});
  });
  if (count == 0) return;
  throw runtime::Error("InvalidDataset.cannot_transform",
                       {{"what", std::string(what)},
                        {"path", images.root().string()},
                        {"count", std::to_string(count)},
                        {"total", std::to_string(images.size())}},
                       std::move(faults));
}

void transform_once(const ImageDirectory& images, const Transformation& transformation, std::int64_t seed, int threads,
                    std::string_view what, const std::filesystem::path& target) {
  runtime::OutputDirectory output(target);
  ImageDirectoryWriter writer(output, category_names(images));
  const std::vector<std::string> names = file_names(images, ".png");
  const auto make = [&](std::size_t i) {
    Pixels pixels;
    try {
      decode(runtime::read_file(images.path(i)), pixels);
      transformation.apply(pixels, {seed, 0, i});
    } catch (const std::runtime_error& error) {
      throw broken_image(images, i, what, error.what());
    }
    return encode_png(pixels.rgb, pixels.width, pixels.height, 3);
  };
  in_order(images.size(), threads, make,
           [&](std::size_t i, const std::string& png) { writer.add(names[i], png, label(images, i), images.id(i)); });
  writer.publish();
}

void carry_transformation(const ImageDirectory& images, const Transformation& transformation, const std::filesystem::path& target) {
  runtime::OutputDirectory output(target);
  Extension extension = images.extension();
  extension["transforms"] = transformation.json();
  ImageDirectoryWriter writer(output, category_names(images), std::move(extension));
  const std::vector<std::string> names = file_names(images, std::nullopt);
  for (std::size_t i = 0; i < images.size(); ++i) {
    std::string bytes;
    try {
      bytes = runtime::read_file(images.path(i));
    } catch (const std::runtime_error& error) {
      throw runtime::Error("CouldNotOpenFile.file",
                           {{"path", (images.root() / images.file(i)).string()}, {"reason", error.what()}});
    }
    writer.add(names[i], bytes, label(images, i), images.id(i));
  }
  writer.publish();
}

}  // namespace torchport::datasets
