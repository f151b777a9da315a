#include "component/images/bad_images.h"

#include <cmath>
#include <sstream>

namespace torchport::component {

BadImages::BadImages(const datasets::ImageDirectory& images, double max_fraction, runtime::Log& log, std::string fate)
    : images_(images), fate_(std::move(fate)), max_fraction_(max_fraction), log_(log) {}

std::optional<runtime::Error> BadImages::report(std::span<const datasets::BadImage> bad) {
  for (const auto& image : bad) {
    const std::string path = (images_.root() / images_.file(image.index)).string();
    if (max_fraction_ == 0) {
      return runtime::Error("UserError.unreadable_image", {{"path", path}, {"what", images_.what()}, {"reason", image.reason}});
    }
    log_.warning("The image '" + path + "' cannot be used and is " + fate_ + ": " + image.reason);
  }
  return std::nullopt;
}

void BadImages::count(double bad_on_all_ranks) {
  total_ += bad_on_all_ranks;
  if (total_ <= max_fraction_ * static_cast<double>(images_.size())) return;
  std::ostringstream fraction;
  fraction << max_fraction_;
  throw runtime::Error("UserError.too_many_bad_images", {{"bad", std::to_string(std::llround(total_))},
                                                         {"total", std::to_string(images_.size())},
                                                         {"what", images_.what()},
                                                         {"fraction", fraction.str()}});
}

void BadImages::write(TrainingState& state) const { state.set("bad_images.so_far", total_); }
void BadImages::read(const TrainingState& state) { total_ = state.real("bad_images.so_far"); }

}  // namespace torchport::component
