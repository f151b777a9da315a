#include "datasets/directory/image_origins.h"

namespace torchport::datasets {

ImageOrigins::ImageOrigins(const ImageDirectory& images) : images_(images) {
  if (!images.raw()) list_ = read_origins(images.root(), images.size(), [&](std::size_t i) { return std::string(images.file(i)); });
}

std::string ImageOrigins::of(std::size_t image) const {
  if (!list_.origins.empty() && !list_.origins[image].empty()) return list_.origins[image];
  return (images_.root() / images_.file(image)).string();
}

}  // namespace torchport::datasets
