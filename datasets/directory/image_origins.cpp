#include "datasets/directory/image_origins.h"

namespace torchport::datasets {

ImageOrigins::ImageOrigins(const ImageDirectory& images, std::string where)
    : images_(images), where_(where.empty() ? (images.root() / "").string() : std::move(where)) {
  if (!images.raw()) list_ = read_origins(images.root(), images.size(), [&](std::size_t i) { return std::string(images.file(i)); });
}

std::string ImageOrigins::of(std::size_t image) const {
  if (!list_.origins.empty() && !list_.origins[image].empty()) return list_.origins[image];
  return where_ + std::string(images_.file(image));
}

}  // namespace torchport::datasets
