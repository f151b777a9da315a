#include "datasets/transforms/unusable_images.h"

#include <algorithm>

#include "runtime/text/python_json.h"
#include "runtime/text/text.h"

namespace torchport::datasets {
namespace {

constexpr std::size_t kShown = 10;

}  // namespace

void UnusableImages::add(std::size_t image, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  reasons_[image] = reason;
}

bool UnusableImages::contains(std::size_t image) const {
  const std::lock_guard lock(mutex_);
  return reasons_.contains(image);
}

bool UnusableImages::beyond() const {
  const auto bad = static_cast<double>(reasons_.size()), all = static_cast<double>(images_.size());
  return bad > max_fraction_ * all || bad == all;
}

bool UnusableImages::too_many() const {
  const std::lock_guard lock(mutex_);
  return beyond();
}

std::size_t UnusableImages::count() const {
  const std::lock_guard lock(mutex_);
  return reasons_.size();
}

runtime::Error UnusableImages::error() const {
  const std::lock_guard lock(mutex_);
  const auto path = [&](std::size_t image) { return (images_.root() / images_.file(image)).string(); };
  if (reasons_.size() == 1) {
    const auto& [image, reason] = *reasons_.begin();
    return runtime::Error("UserError.unreadable_image", {{"path", path(image)}, {"what", images_.what()}, {"reason", reason}});
  }
  std::vector<runtime::Detail> shown = {{"path", images_.root().string()}};
  for (const auto& [image, reason] : reasons_) {
    if (shown.size() > kShown) {
      shown.push_back({"and " + std::to_string(reasons_.size() - kShown) + " more", ""});
      break;
    }
    shown.push_back({std::string(images_.file(image)), reason});
  }
  return runtime::Error("UserError.unreadable_images",
                        {{"bad", std::to_string(reasons_.size())},
                         {"total", std::to_string(images_.size())},
                         {"what", images_.what()},
                         {"fraction", runtime::python_float(max_fraction_)}},
                        std::move(shown));
}

void UnusableImages::report(runtime::Log& log) const {
  const std::lock_guard lock(mutex_);
  if (reasons_.empty()) return;
  std::vector<std::size_t> left(images_.categories().size()), out(left.size());
  std::vector<std::string> shown;
  for (const auto& [image, reason] : reasons_) {
    if (shown.size() < kShown) shown.push_back("'" + std::string(images_.file(image)) + "' (" + reason + ")");
    if (images_.labelled()) ++out[static_cast<std::size_t>(images_.label(image))];
  }
  const std::size_t more = reasons_.size() - shown.size();
  log.warning(std::to_string(reasons_.size()) + " of " + std::to_string(images_.size()) +
              " images cannot be used and are left out: " + runtime::join(shown, ", ") +
              (more > 0 ? " and " + std::to_string(more) + " more." : "."));
  if (!images_.labelled()) return;
  for (std::size_t i = 0; i < images_.size(); ++i) ++left[static_cast<std::size_t>(images_.label(i))];
  for (std::size_t c = 0; c < left.size(); ++c) {
    if (out[c] > 0 && out[c] == left[c])
      log.warning("The category '" + images_.categories()[c].name + "' has no image left: all " + std::to_string(out[c]) +
                  " cannot be used.");
  }
}

std::string first_files(const ImageDirectory& images, const std::vector<std::size_t>& some) {
  std::vector<std::string> shown;
  for (std::size_t k = 0; k < std::min(some.size(), kShown); ++k) shown.emplace_back(images.file(some[k]));
  const std::size_t more = some.size() - shown.size();
  return runtime::join(shown, ", ") + (more > 0 ? " and " + std::to_string(more) + " more" : "");
}

}  // namespace torchport::datasets
