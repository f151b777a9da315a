// Making an ImageDirectory of another by a transformation: what Apply Image Transformation does.
#pragma once
#include "datasets/directory/image_directory.h"
#include "datasets/transforms/transformation.h"
#include "datasets/transforms/unusable_images.h"
#include "runtime/report/log.h"

namespace torchport::datasets {

/// Sees from the sizes of all images, which it returns (0 x 0 for one that is added to `unusable`), that they can be transformed.
/// Sizes that do not hold, and images that get black around them, are named in `log`.
/// \throws Error UserError.unreadable_image, unreadable_images where there are more than allowed, InvalidDataset.cannot_transform
/// listing the images (at most 10), where a random crop is larger than the image; Errors where there are both
std::vector<ImageSize> check_transformable(const ImageDirectory& images, const Transformation& transformation, int threads,
                                           UnusableImages& unusable, runtime::Log& log);

/// Transforms each image once and writes it as an RGB PNG file, all but the unusable ones, to which it may add; what comes out does
/// not depend on `threads`. \throws Error UserError.unreadable_image, unreadable_images where there are more of them than
/// allowed, and what OutputDirectory throws
void transform_once(const ImageDirectory& images, const Transformation& transformation, std::int64_t seed, int threads,
                    const std::filesystem::path& target, UnusableImages& unusable, runtime::Log& log);

/// How carry_transformation takes over the files.
struct CarryOptions {
  std::vector<ImageSize> sizes{};  ///< of all images, or none where they are not known
  runtime::Sharing sharing = runtime::Sharing::blocks;
  int threads = 1;
  const UnusableImages* without = nullptr;  ///< images that are left out
  runtime::Log* log = nullptr;
};
/// Copies the files as they are into a directory that carries the transformation: whoever reads it applies it. \throws Error
/// CouldNotOpenFile.file, ModuleOutOfMemory.disk before the first file, and what OutputDirectory throws
runtime::CopyCounts carry_transformation(const ImageDirectory& images, const Transformation& transformation,
                                         const std::filesystem::path& target, const CarryOptions& how = {});

}  // namespace torchport::datasets
