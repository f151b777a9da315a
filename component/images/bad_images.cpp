#include "component/images/bad_images.h"

#include <cmath>
#include <sstream>

#include "runtime/text/text.h"

namespace torchport::component {

namespace {

constexpr std::size_t kNamed = 10;  ///< categories that an error names

}  // namespace

BadImages::BadImages(const datasets::ImageDirectory& images, double max_fraction, runtime::Log& log, Fate fate)
    : images_(images),
      fate_(fate),
      max_fraction_(max_fraction),
      log_(log),
      of_categories_(images.labelled() ? images.categories().size() : 0) {}

void BadImages::start_pass() {
  total_ = 0;
  std::fill(of_categories_.begin(), of_categories_.end(), 0);
}

std::optional<runtime::Error> BadImages::report(std::span<const datasets::BadImage> bad, bool none_readable) {
  for (const auto& image : bad) {
    const std::string path = (images_.root() / images_.file(image.index)).string();
    if (max_fraction_ == 0) {
      return runtime::Error("UserError.unreadable_image", {{"path", path}, {"what", images_.what()}, {"reason", image.reason}});
    }
    log_.warning("The image '" + path + "' cannot be used and is " +
                 (fate_ == Fate::replaced ? "replaced by the next" : "left out") + ": " + image.reason);
    if (!of_categories_.empty()) ++of_categories_[static_cast<std::size_t>(images_.label(image.index))];
  }
  return none_readable && !bad.empty() ? std::optional(error_of_all(images_, bad.front())) : std::nullopt;
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

void BadImages::check_categories(runtime::Control& control) const {
  if (total_ == 0 || of_categories_.empty()) return;  // alike on all ranks
  std::vector<double> bad = of_categories_;
  control.sum(bad);
  std::vector<double> all(bad.size());
  for (std::size_t i = 0; i < images_.size(); ++i) ++all[static_cast<std::size_t>(images_.label(i))];
  std::vector<std::string> lost;
  for (std::size_t c = 0; c < bad.size(); ++c)
    if (bad[c] > 0 && bad[c] >= all[c]) lost.push_back("'" + images_.categories()[c].name + "'");
  if (lost.empty()) return;
  const std::string count = std::to_string(lost.size());
  if (lost.size() > kNamed) lost.resize(kNamed);
  const runtime::Error error(
      "InvalidDataset.category_unreadable",
      {{"what", images_.what()}, {"path", images_.root().string()}, {"count", count}, {"names", runtime::join(lost, ", ")}});
  if (fate_ == Fate::replaced) throw error;
  log_.warning(error.what());
}

void BadImages::write(TrainingState& state) const {
  state.set("bad_images.so_far", total_);
  for (std::size_t c = 0; c < of_categories_.size(); ++c)
    if (of_categories_[c] > 0) state.set("bad_images.of_category." + std::to_string(c), of_categories_[c]);
}

void BadImages::read(const TrainingState& state) {
  start_pass();
  total_ = state.real("bad_images.so_far");
  for (std::size_t c = 0; c < of_categories_.size(); ++c) {
    const std::string name = "bad_images.of_category." + std::to_string(c);
    if (state.all_numbers().contains(name)) of_categories_[c] = state.real(name);
  }
}

runtime::Error error_of_all(const datasets::ImageDirectory& images, const datasets::BadImage& first) {
  return runtime::Error(
      "InvalidDataset.none_readable",
      {{"what", images.what()}, {"count", std::to_string(images.size())}, {"path", images.path(first.index).string()}},
      {{"reason", first.reason}});
}

}  // namespace torchport::component
