// Making an ImageDirectory of another by a transformation: what Apply Image Transformation does.
#pragma once
#include "datasets/directory/image_directory.h"
#include "datasets/transforms/transformation.h"

namespace torchport::datasets {

/// Sees from the headers of all images that they can be transformed. \throws Error UserError.broken_image (unreadable),
/// InvalidDataset.cannot_transform listing the images (at most 10), where a crop is larger than the image
void check_transformable(const ImageDirectory& images, const Transformation& transformation, std::string_view what, int threads);

/// Transforms each image once and writes it as an RGB PNG file; what comes out does not depend on `threads`.
/// \throws Error UserError.broken_image, and what OutputDirectory throws
void transform_once(const ImageDirectory& images, const Transformation& transformation, std::int64_t seed, int threads,
                    std::string_view what, const std::filesystem::path& target);

/// Copies the files as they are into a directory that carries the transformation: whoever reads it applies it.
void carry_transformation(const ImageDirectory& images, const Transformation& transformation, const std::filesystem::path& target);

}  // namespace torchport::datasets
