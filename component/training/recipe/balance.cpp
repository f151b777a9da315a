#include "component/training/recipe/balance.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "datasets/directory/category_weights.h"
#include "runtime/text/format.h"
#include "runtime/text/text.h"

namespace torchport::component {

namespace {

constexpr std::size_t kTold = 20;  // categories in the log; run.json has all

std::string list(std::vector<std::string> rows) {
  const std::size_t more = rows.size() - std::min(rows.size(), kTold);
  rows.resize(rows.size() - more);
  return runtime::join(rows, "; ") + (more > 0 ? "; run.json has " + std::to_string(more) + " more." : ".");
}

}  // namespace

nlohmann::ordered_json tell_of_weights(const std::vector<double>& weights, const datasets::ImageDirectory& images,
                                       runtime::Log& log) {
  const auto counts = datasets::images_of_categories(images);
  auto rows = nlohmann::ordered_json::array();
  std::vector<std::string> told;
  for (std::size_t c = 0; c < weights.size(); ++c) {
    const std::string& name = images.categories()[c].name;
    rows.push_back({{"category", name}, {"images", counts[c]}, {"weight", weights[c]}});
    told.push_back("'" + name + "' " + runtime::formatted("%.4g", weights[c]) + " (" + std::to_string(counts[c]) + " images)");
  }
  log.info("Class weights of the training loss, with a mean of 1 over all images: " + list(std::move(told)));
  return rows;
}

nlohmann::ordered_json tell_of_balance(const datasets::ImageDirectory& images, runtime::Log& log) {
  const auto counts = datasets::images_of_categories(images);
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
  log.info("Balanced sampling: each epoch draws " + std::to_string(images.size()) + " images, " + draws + " of each of " +
           std::to_string(present) + " categories: " + list(std::move(told)));
  return rows;
}

}  // namespace torchport::component
