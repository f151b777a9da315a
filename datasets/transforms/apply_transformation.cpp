#include "datasets/transforms/apply_transformation.h"

#include <mutex>
#include <unordered_set>

#include "datasets/codecs/png.h"
#include "datasets/directory/image_origins.h"
#include "datasets/directory/image_sizes.h"
#include "datasets/directory/index_lines.h"
#include "datasets/each.h"
#include "datasets/in_order.h"
#include "datasets/transforms/applied.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/space.h"
#include "runtime/report/progress_line.h"

namespace torchport::datasets {
namespace {

constexpr std::size_t kImagesShown = 10;

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

/// What goes with each image into the new directory.
class Luggage {
 public:
  Luggage(const ImageDirectory& images, runtime::Log* log) : origins_(images) {
    if (log && !origins_.doubt().empty()) log->warning(origins_.doubt());
    if (images.other_annotation().empty()) return;
    lines_.emplace(images);
    schema_ = images.schema_json();
    if (log)
      log->warning("The annotations (" + images.other_annotation() +
                   ") are handed on as they are: boxes and masks do not move with the pixels.");
  }
  /// Of annotations other than categories; else "".
  const std::string& schema() const { return schema_; }
  AboutImage of(std::size_t image, const std::string& name, ImageSize size) const {
    if (!lines_) return {origins_.of(image)};
    return {origins_.of(image), lines_->renamed(image, name, size), lines_->members(image)};
  }

 private:
  ImageOrigins origins_;
  std::optional<IndexLines> lines_;
  std::string schema_;
};

/// "3 of 20 images ... get black around them": a crop larger than the image is legal, but seldom meant.
void warn_of_black(const ImageDirectory& images, const std::vector<char>& black, runtime::Log& log) {
  std::vector<std::size_t> some;
  for (std::size_t i = 0; i < black.size(); ++i)
    if (black[i]) some.push_back(i);
  if (some.empty()) return;
  log.warning(std::to_string(some.size()) + " of " + std::to_string(images.size()) +
              " images are smaller than the CenterCrop and get black around them: " + first_files(images, some) +
              ". Resize before it, or use a smaller crop, if that is not meant.");
}

}  // namespace

std::vector<ImageSize> check_transformable(const ImageDirectory& images, const Transformation& transformation, int threads,
                                           UnusableImages& unusable, runtime::Log& log) {
  std::vector<ImageSize> sizes(images.size());
  std::vector<char> black(images.size());  // of bytes: several threads write
  const ImageSizes known(images);
  std::mutex mutex;
  std::map<std::size_t, std::string> faults;
  each(images.size(), threads, [&](std::size_t i) {
    try {
      sizes[i] = known.of(i);
      transformation.size(sizes[i]);
      black[i] = transformation.blackens(sizes[i]);
    } catch (const TransformError& error) {
      const std::lock_guard lock(mutex);
      faults[i] = error.what();
    } catch (const std::runtime_error& error) {
      unusable.add(i, error.what());
    }
  });
  if (const std::string doubts = known.doubts(); !doubts.empty()) log.warning(doubts);
  runtime::Problems problems;
  if (unusable.too_many()) problems.add(unusable.error());
  std::vector<runtime::Detail> shown;
  for (const auto& [i, fault] : faults)
    if (shown.size() < kImagesShown) shown.push_back({std::string(images.file(i)), fault});
  if (!faults.empty())
    problems.add(runtime::Error("InvalidDataset.cannot_transform",
                                {{"what", images.what()},
                                 {"path", images.root().string()},
                                 {"count", std::to_string(faults.size())},
                                 {"total", std::to_string(images.size())}},
                                std::move(shown)));
  problems.throw_if_any();
  warn_of_black(images, black, log);
  return sizes;
}

void transform_once(const ImageDirectory& images, const Transformation& transformation, std::int64_t seed, int threads,
                    const std::filesystem::path& target, UnusableImages& unusable, runtime::Log& log) {
  struct Made {
    std::string png;
    ImageSize size;
  };
  runtime::OutputDirectory output(target);
  const Luggage luggage(images, &log);
  ImageDirectoryWriter writer(output, category_names(images), {}, luggage.schema());
  const std::vector<std::string> names = file_names(images, ".png");
  const auto make = [&](std::size_t i) -> Made {
    if (unusable.contains(i)) return {};
    Pixels pixels;
    try {
      decode(runtime::read_file(images.path(i), kMaxImageFile), pixels);
      if (unusable.too_many()) return {};  // the other ones are only looked at
      transformation.apply(pixels, {seed, 0, i});
    } catch (const std::runtime_error& error) {
      unusable.add(i, error.what());
      return {};
    }
    return {encode_png(pixels.rgb, pixels.width, pixels.height, 3), pixels.size()};
  };
  runtime::ProgressLine line(&log, "transforming", images.size());
  in_order(images.size(), threads, make, [&](std::size_t i, const Made& made) {
    line.done();
    if (!made.png.empty()) writer.add(names[i], made.png, label(images, i), images.id(i), luggage.of(i, names[i], made.size));
  });
  if (unusable.too_many()) throw unusable.error();
  note_applied(output, images, transformation);
  writer.publish();
}

runtime::CopyCounts carry_transformation(const ImageDirectory& images, const Transformation& transformation,
                                         const std::filesystem::path& target, const CarryOptions& how) {
  using Writer = ImageDirectoryWriter;
  runtime::OutputDirectory output(target);
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < images.size(); ++i)
    if (!how.without || !how.without->contains(i)) rows.push_back(i);
  const auto from = [&](std::size_t k) {
    const std::filesystem::path file = images.path(rows[k]);
    if (access(file.c_str(), R_OK) == 0) return file;
    throw runtime::Error("UserError.lost_image",
                         {{"what", images.what()}, {"path", file.string()}, {"reason", std::strerror(errno)}});
  };
  runtime::check_space({{rows.size(), from, output.staging(), how.sharing}});
  Extension extension = images.extension();
  extension["transforms"] = transformation.json();
  const Luggage luggage(images, how.log);
  Writer writer(output, category_names(images), std::move(extension), luggage.schema());
  const std::vector<std::string> names = file_names(images, std::nullopt);
  const auto file = [&](std::size_t k) {
    const std::size_t i = rows[k];
    const ImageSize size = how.sizes.empty() ? ImageSize{} : how.sizes[i];
    return Writer::File{names[i], label(images, i), images.id(i), size, luggage.of(i, names[i], size)};
  };
  const bool link = how.sharing == runtime::Sharing::inode;
  const auto counts =
      writer.add_files(rows.size(), file, from, link ? Writer::Transfer::link : Writer::Transfer::copy, how.threads);
  hand_on_applied(output, images);  // what is carried is said by _meta.yaml
  writer.publish();
  return counts;
}

}  // namespace torchport::datasets
