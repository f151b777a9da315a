// Making an ImageDirectory of another by a transformation: what Apply Image Transformation does.
#pragma once
#include "datasets/directory/image_directory.h"
#include "datasets/transforms/transformation.h"
#include "runtime/report/log.h"

namespace torchport::datasets {

/// Sees from the sizes of all images, which it returns, that they can be transformed. Sizes that do not hold are named in `log`.
/// \throws Error UserError.broken_image (unreadable), InvalidDataset.cannot_transform listing the images (at most 10), where a crop
/// is larger than the image
std::vector<ImageSize> check_transformable(const ImageDirectory& images, const Transformation& transformation, int threads,
                                           runtime::Log& log);

/// Transforms each image once and writes it as an RGB PNG file; what comes out does not depend on `threads`.
/// \throws Error UserError.broken_image, and what OutputDirectory throws
void transform_once(const ImageDirectory& images, const Transformation& transformation, std::int64_t seed, int threads,
                    const std::filesystem::path& target);

/// How carry_transformation takes over the files.
struct CarryOptions {
  std::vector<ImageSize> sizes{};  ///< of all images, or none where they are not known
  runtime::Sharing sharing = runtime::Sharing::blocks;
  int threads = 1;
};
/// Copies the files as they are into a directory that carries the transformation: whoever reads it applies it.
/// \throws Error CouldNotOpenFile.file, ModuleOutOfMemory.disk before the first file, and what OutputDirectory throws
runtime::CopyCounts carry_transformation(const ImageDirectory& images, const Transformation& transformation,
                                         const std::filesystem::path& target, const CarryOptions& how = {});

}  // namespace torchport::datasets
