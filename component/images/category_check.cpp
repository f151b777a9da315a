#include "component/images/category_check.h"

#include "runtime/text/text.h"

namespace torchport::component {
namespace {

constexpr std::size_t kNamesShown = 10;

}  // namespace

void warn_of_categories(const datasets::ImageDirectory& images, runtime::Log& log) {
  std::vector<std::size_t> counts(images.categories().size());
  for (std::size_t i = 0; i < images.size(); ++i) ++counts[static_cast<std::size_t>(images.label(i))];
  std::vector<std::string> empty, shown;
  for (std::size_t c = 0; c < counts.size(); ++c)
    if (counts[c] == 0) empty.push_back("'" + images.categories()[c].name + "'");
  if (counts.size() - empty.size() == 1)
    log.warning("All images of the " + images.what() +
                " are of one category: whatever the network answers is right, and it learns nothing.");
  if (empty.empty()) return;
  shown.assign(empty.begin(), empty.begin() + static_cast<std::ptrdiff_t>(std::min(empty.size(), kNamesShown)));
  if (empty.size() > kNamesShown) shown.push_back("and " + std::to_string(empty.size() - kNamesShown) + " more");
  log.warning(std::to_string(empty.size()) + (empty.size() == 1 ? " category" : " categories") + " of the " + images.what() +
              (empty.size() == 1 ? " has" : " have") + " no image: " + runtime::join(shown, ", ") + ".");
}

}  // namespace torchport::component
