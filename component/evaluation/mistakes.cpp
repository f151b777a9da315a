#include "component/evaluation/mistakes.h"

#include <algorithm>
#include <map>

#include "component/evaluation/evaluation.h"
#include "datasets/tables/table_writer.h"

namespace torchport::component {
namespace {

struct Mistake {
  std::size_t row = 0;
  double predicted = 0, truth = 0, loss = 0;
};

std::vector<Mistake> find_mistakes(const datasets::ScoredDataset& scored) {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t c = 0; c < scored.classes.size(); ++c) places.emplace(scored.classes[c], c);
  const auto probability = [&](const std::string& category, std::size_t row) {
    const auto place = places.find(category);  // one that the model does not know has none
    return place == places.end() ? 0 : scored.probabilities[place->second][row];
  };
  std::vector<Mistake> mistakes;
  for (std::size_t row = 0; row < scored.rows(); ++row) {
    if (scored.truth[row] == scored.predicted[row]) continue;
    const double truth = probability(scored.truth[row], row);
    mistakes.push_back({row, probability(scored.predicted[row], row), truth, log_loss_of(truth)});
  }
  std::stable_sort(mistakes.begin(), mistakes.end(), [](const Mistake& a, const Mistake& b) { return a.loss > b.loss; });
  return mistakes;
}

}  // namespace

std::size_t count_mistakes(const datasets::ScoredDataset& scored) {
  std::size_t count = 0;
  for (std::size_t row = 0; row < scored.rows(); ++row) count += scored.truth[row] != scored.predicted[row];
  return count;
}

std::string mistakes_csv(const datasets::ScoredDataset& scored) {
  std::vector<std::string> images, ids, truth, predicted;
  std::vector<double> probability, true_probability, loss;
  for (const Mistake& mistake : find_mistakes(scored)) {
    images.push_back(scored.origins.empty() ? "" : scored.origins[mistake.row]);
    ids.push_back(scored.ids.empty() ? "" : std::to_string(scored.ids[mistake.row]));
    truth.push_back(scored.truth[mistake.row]);
    predicted.push_back(scored.predicted[mistake.row]);
    probability.push_back(mistake.predicted);
    true_probability.push_back(mistake.truth);
    loss.push_back(mistake.loss);
  }
  datasets::DataFrame frame;
  frame.rows = images.size();
  frame.columns = {{"image", std::move(images), {}},
                   {"id", std::move(ids), {}},
                   {"true_category", std::move(truth), {}},
                   {"predicted_category", std::move(predicted), {}},
                   {"probability", std::move(probability), {}},
                   {"true_probability", std::move(true_probability), {}},
                   {"loss", std::move(loss), {}}};
  return datasets::csv_text(frame);
}

}  // namespace torchport::component
