#include "component/training/recipe/balance.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "runtime/text/format.h"
#include "runtime/text/text.h"

namespace torchport::component {

namespace {
constexpr std::size_t kTold = 20;  // categories in the log; run.json has all
}  // namespace

nlohmann::ordered_json tell_of_balance(const datasets::ImageDirectory& images, runtime::Log& log) {
  std::vector<std::size_t> counts(images.categories().size());
  for (std::size_t i = 0; i < images.size(); ++i) ++counts[static_cast<std::size_t>(images.label(i))];
  const auto present = static_cast<std::size_t>(std::count_if(counts.begin(), counts.end(), [](std::size_t n) { return n > 0; }));
  const std::size_t share = images.size() / present;
  const std::string draws = std::to_string(share) + (images.size() % present == 0 ? "" : " or " + std::to_string(share + 1));
  const double exact = static_cast<double>(images.size()) / static_cast<double>(present);

  auto rows = nlohmann::ordered_json::array();
  std::vector<std::string> told;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    if (counts[c] == 0) continue;
    const double times = exact / static_cast<double>(counts[c]);
    const std::string& name = images.categories()[c].name;
    rows.push_back({{"category", name}, {"images", counts[c]}, {"draws", exact}});
    told.push_back("'" + name + "' has " + std::to_string(counts[c]) + runtime::formatted(", %.3g draws of each", times));
  }
  const std::size_t more = told.size() - std::min(told.size(), kTold);
  told.resize(told.size() - more);
  log.info("Balanced sampling: each epoch draws " + std::to_string(images.size()) + " images, " + draws + " of each of " +
           std::to_string(present) + " categories: " + runtime::join(told, "; ") +
           (more > 0 ? "; run.json has " + std::to_string(more) + " more." : "."));
  return rows;
}

}  // namespace torchport::component
