#include "component/evaluation/evaluation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

namespace torchport::component {
namespace {

using Indices = std::vector<std::size_t>;

double share(double part, double whole) { return whole == 0 ? 0 : part / whole; }

Quality quality(std::int64_t hits, std::int64_t predicted, std::int64_t support) {
  const auto n = static_cast<double>(hits), p = static_cast<double>(predicted), s = static_cast<double>(support);
  return {share(n, p), share(n, s), share(2 * n, p + s)};
}

void add(Quality& sum, const Quality& quality, double weight) {
  sum.precision += weight * quality.precision;
  sum.recall += weight * quality.recall;
  sum.f1 += weight * quality.f1;
}

/// Which category each text names.
Indices indices(const std::vector<std::string>& texts, const std::vector<std::string>& names) {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < names.size(); ++i) places.emplace(names[i], i);
  Indices result;
  result.reserve(texts.size());
  for (const std::string& text : texts) result.push_back(places.at(text));
  return result;
}

void count(Evaluation& result, const Indices& truth, const Indices& predicted) {
  for (std::size_t row = 0; row < truth.size(); ++row) {
    ++result.matrix[truth[row]][predicted[row]];
    ++result.categories[truth[row]].support;
    ++result.categories[predicted[row]].predicted;
  }
}

void judge_categories(Evaluation& result) {
  std::int64_t hits = 0;
  double occurring = 0;
  for (std::size_t c = 0; c < result.categories.size(); ++c) {
    CategoryResult& category = result.categories[c];
    category.quality = quality(result.matrix[c][c], category.predicted, category.support);
    hits += result.matrix[c][c];
    add(result.macro, category.quality, 1);
    add(result.weighted, category.quality, share(static_cast<double>(category.support), static_cast<double>(result.rows)));
    occurring += category.support + category.predicted > 0 ? 1 : 0;
  }
  result.macro = {result.macro.precision / occurring, result.macro.recall / occurring, result.macro.f1 / occurring};
  result.micro = quality(hits, result.rows, result.rows);
  result.accuracy = share(static_cast<double>(hits), static_cast<double>(result.rows));
}

/// What the probabilities say. A category that the model does not know has the probability 0.
void judge_probabilities(Evaluation& result, const datasets::ScoredDataset& scored, const Indices& truth,
                         const Indices& predicted) {
  const std::size_t classes = scored.classes.size();
  std::array<double, kConfidenceBins> hits{}, confidence{};
  std::int64_t in_top = 0;
  for (std::size_t row = 0; row < truth.size(); ++row) {
    const bool known = truth[row] < classes;
    const double own = known ? scored.probabilities[truth[row]][row] : 0;
    std::size_t ahead = 0;  // among equals the later category is ahead, as in scikit-learn
    double highest = 0;
    for (std::size_t c = 0; c < classes; ++c) {
      const double p = scored.probabilities[c][row];
      ahead += p > own || (p == own && c > truth[row]) ? 1 : 0;
      highest = std::max(highest, p);
    }
    in_top += known && ahead < kTop ? 1 : 0;
    result.log_loss += log_loss_of(own);
    const double place = std::ceil(highest * static_cast<double>(kConfidenceBins)) - 1;
    const auto bin = static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(kConfidenceBins - 1)));
    ++result.bins[bin].rows;
    confidence[bin] += highest;
    hits[bin] += truth[row] == predicted[row] ? 1 : 0;
  }
  const auto rows = static_cast<double>(result.rows);
  result.log_loss /= rows;
  result.top5 = static_cast<double>(in_top) / rows;
  for (std::size_t b = 0; b < kConfidenceBins; ++b) {
    ConfidenceBin& bin = result.bins[b];
    bin.low = static_cast<double>(b) / kConfidenceBins;
    bin.high = static_cast<double>(b + 1) / kConfidenceBins;
    bin.confidence = share(confidence[b], static_cast<double>(bin.rows));
    bin.accuracy = share(hits[b], static_cast<double>(bin.rows));
    result.calibration_error += static_cast<double>(bin.rows) / rows * std::abs(bin.accuracy - bin.confidence);
  }
}

}  // namespace

double log_loss_of(double probability) {
  constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
  return -std::log(std::clamp(probability, kEpsilon, 1 - kEpsilon));
}

std::vector<std::string> all_categories(const datasets::ScoredDataset& scored) {
  std::vector<std::string> names = scored.classes;
  const std::set<std::string_view> known(names.begin(), names.end());
  std::set<std::string> others;
  for (const auto* column : {&scored.truth, &scored.predicted}) {
    for (const std::string& name : *column) {
      if (!known.contains(name)) others.insert(name);
    }
  }
  names.insert(names.end(), others.begin(), others.end());
  return names;
}

Evaluation evaluate_scores(const datasets::ScoredDataset& scored) {
  Evaluation result;
  result.rows = static_cast<std::int64_t>(scored.rows());
  const auto names = all_categories(scored);
  for (const std::string& name : names) result.categories.push_back({name, {}, 0, 0});
  result.matrix.assign(names.size(), std::vector<std::int64_t>(names.size()));
  const Indices truth = indices(scored.truth, names), predicted = indices(scored.predicted, names);
  count(result, truth, predicted);
  judge_categories(result);
  judge_probabilities(result, scored, truth, predicted);
  return result;
}

}  // namespace torchport::component
