#include "datasets/loading/size_scan.h"

#include <algorithm>
#include <mutex>

#include "datasets/directory/image_sizes.h"
#include "datasets/each.h"

namespace torchport::datasets {
namespace {

/// The size of an image as it goes into a batch. \throws std::runtime_error where it cannot be used
ImageSize size_in_batch(const ImageDirectory& images, const ImageSizes& sizes, const std::optional<Transformation>& transformation,
                        std::size_t image) {
  if (!transformation) return sizes.of(image);
  const auto fixed = transformation->fixed_size();
  if (!fixed) return transformation->size(sizes.of(image));
  if (const auto noted = sizes.noted(image)) return transformation->size(*noted);
  const auto stamp = runtime::stamp_of(images.path(image));
  if (!stamp || stamp->bytes == 0) read_file_header(images.path(image));  // it says what is wrong
  return *fixed;
}

}  // namespace

SizeScan scan_sizes(const ImageDirectory& images, int rank, int world, int threads, bool augmented) {
  const std::optional<Transformation> transformation = carried(images, augmented);
  const ImageSizes known(images);
  const auto first = static_cast<std::size_t>(rank), stride = static_cast<std::size_t>(world);
  std::vector<ImageSize> sizes(images.size() > first ? (images.size() - first + stride - 1) / stride : 0);
  SizeScan scan;
  std::mutex mutex;
  each(sizes.size(), threads, [&](std::size_t k) {
    const std::size_t image = first + k * stride;
    try {
      sizes[k] = size_in_batch(images, known, transformation, image);
    } catch (const std::runtime_error& error) {
      const std::lock_guard lock(mutex);
      scan.bad.push_back({static_cast<std::uint32_t>(image), error.what()});
    }
  });
  std::sort(scan.bad.begin(), scan.bad.end(), [](const BadImage& a, const BadImage& b) { return a.index < b.index; });
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    if (sizes[k].width == 0) continue;
    const auto image = static_cast<std::uint32_t>(first + k * stride);
    if (scan.size.width == 0) {
      scan.first = image;
      scan.size = sizes[k];
    } else if (sizes[k] != scan.size && !scan.different) {
      scan.different = image;
      scan.different_size = sizes[k];
    }
  }
  scan.doubts = known.doubts();
  return scan;
}

}  // namespace torchport::datasets
