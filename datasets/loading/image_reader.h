// One image of a directory as the bytes of its row in a batch: read, decoded as far as its transformation needs it, transformed.
// Used by the threads of the loader.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "datasets/directory/image_directory.h"
#include "datasets/loading/pixel_cache.h"
#include "datasets/transforms/transformation.h"

namespace torchport::datasets {

struct ReaderOptions {
  /// The random numbers of the transformation that the directory may carry. Without a seed only what is left of it for inference
  /// is applied.
  std::optional<std::int64_t> augmentation_seed;
  bool fast;           ///< JPEG decoded faster than exactly, see DecodeOptions; smaller at once where a crop has pixels to spare
  CacheBudget* cache;  ///< room for decoded images, or null
};

/// Thread-safe. What an image becomes depends on it, the seed, the epoch and the draw alone, not on the threads or the cache.
class ImageReader {
 public:
  /// A thread's own memory.
  struct Scratch {
    PartOfImage part;
    PlaceScratch place;
    Pixels pixels;
  };

  /// `images` and the cache's budget must outlive the reader.
  ImageReader(const ImageDirectory& images, ImageSize size, const ReaderOptions& options);

  /// Writes height x width RGB pixels to `out`. \throws std::runtime_error where the image is not readable, cannot be transformed
  /// or does not get the size that is wanted
  /// `draw`: DrawKey::draw.
  void read(std::size_t image, std::int64_t epoch, std::uint32_t draw, Scratch& scratch, std::uint8_t* out);

 private:
  Transformation::Beginning beginning(ImageSize from, const DrawKey& key) const;
  const PartOfImage& decoded(std::size_t image, std::string_view bytes, const ImageHeader& header, const Placement& placement,
                             Scratch& scratch);
  void transform(const PartOfImage& in, const Transformation::Beginning& first, const DrawKey& key, Scratch& scratch,
                 std::uint8_t* out) const;

  const ImageDirectory& images_;
  const ImageSize size_;
  const std::optional<Transformation> transformation_;
  const std::int64_t seed_;
  const bool fast_;
  PixelCache cache_;
  std::vector<std::atomic<bool>> sound_;  // images of which this reader has read all bytes
};

}  // namespace torchport::datasets
