#include "component/images/photo_reader.h"

#include <algorithm>

#include "component/images/size_check.h"
#include "runtime/text/format.h"

namespace torchport::component {

PhotoReader::PhotoReader(const models::ModelSpec& spec, std::optional<datasets::Transformation> transformation, bool given)
    : spec_(spec), transformation_(std::move(transformation)), given_(given) {}

std::optional<datasets::ImageSize> PhotoReader::size() const {
  if (transformation_) return transformation_->fixed_size();
  const auto& input = spec_.input;
  if (!input) return std::nullopt;
  return datasets::ImageSize{static_cast<int>(input->height), static_cast<int>(input->width)};
}

datasets::Pixels PhotoReader::read(std::string_view bytes) const {
  datasets::Pixels pixels;
  datasets::decode(bytes, pixels);
  if (transformation_) transformation_->apply(pixels, {});
  check(pixels.size());
  return pixels;
}

void PhotoReader::check(datasets::ImageSize size) const {
  const auto& input = spec_.input;
  if (input && !given_ && (size.width != input->width || size.height != input->height))
    throw datasets::ImageError(size_text(size) + " pixels instead of " + runtime::size_text(input->width, input->height));
  const std::int64_t minimum = spec_.component->architecture->minimum_size;
  if (std::min(size.width, size.height) < minimum)
    throw datasets::ImageError(size_text(size) + " pixels, but " + spec_.variant->name + " needs at least " +
                               runtime::size_text(minimum, minimum));
}

}  // namespace torchport::component
