#include "component/report/evaluation_facts.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <stdexcept>

#include "runtime/files/files.h"
#include "runtime/text/csv_rows.h"
#include "runtime/text/json.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostBytes = std::size_t{256} << 20;
constexpr runtime::JsonLimits kMetricsLimits{8, 20'000'000};  ///< a matrix of the most categories that are evaluated
/// Of the mistakes those with the largest loss, and so many of each kind.
constexpr std::size_t kMostMistakes = 1000, kOfEachPair = 3, kMostAtAll = 4000;
constexpr std::size_t kColumns = 7;  ///< of mistakes.csv

template <class Reading>
auto named(const fs::path& file, Reading&& reading) {
  try {
    return reading(runtime::read_file(file, kMostBytes));
  } catch (const std::exception& fault) {
    throw std::runtime_error("'" + file.string() + "' cannot be read: " + fault.what());
  }
}

double number(const std::string& text) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size()) throw std::runtime_error("'" + text + "' is no number");
  return value;
}

void read_matrix(EvaluationFacts& facts) {
  for (const auto& category : facts.metrics.at("categories")) facts.names.push_back(category.at("name").get<std::string>());
  const auto& matrix = facts.metrics.at("confusion_matrix");
  if (matrix.size() != facts.names.size()) throw std::runtime_error("its matrix has another size than its list of categories");
  for (std::size_t truth = 0; truth < matrix.size(); ++truth) {
    if (matrix[truth].size() != facts.names.size()) throw std::runtime_error("its matrix is not square");
    for (std::size_t predicted = 0; predicted < facts.names.size(); ++predicted) {
      const auto count = matrix[truth][predicted].get<std::int64_t>();
      if (count == 0) continue;
      facts.cells.push_back({truth, predicted, count});
      if (truth != predicted) facts.pairs.push_back(facts.cells.back());
    }
  }
  std::stable_sort(facts.pairs.begin(), facts.pairs.end(), [](const auto& a, const auto& b) { return a.count > b.count; });
}

void read_mistakes(EvaluationFacts& facts, const std::string& text) {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < facts.names.size(); ++i) places.emplace(facts.names[i], i);
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> kept;
  bool head = true;
  const auto take = [&](const std::vector<std::string>& row) {
    if (std::exchange(head, false)) return true;
    if (row.size() != kColumns) throw std::runtime_error("a row has " + std::to_string(row.size()) + " fields");
    const auto truth = places.find(row[2]), predicted = places.find(row[3]);
    if (truth == places.end() || predicted == places.end()) throw std::runtime_error("a category of it is not in metrics.json");
    ++facts.all_mistakes;
    std::size_t& of_pair = kept[{truth->second, predicted->second}];
    const std::size_t all = facts.mistakes.size();
    if (all >= kMostMistakes && (of_pair >= kOfEachPair || all >= kMostAtAll)) return true;
    ++of_pair;
    facts.mistakes.push_back({row[0], row[1], truth->second, predicted->second, number(row[4]), number(row[5]), number(row[6])});
    return true;
  };
  if (!runtime::read_csv(text, take)) throw std::runtime_error("a field in quotes does not end");
}

}  // namespace

EvaluationFacts read_evaluation(const fs::path& folder) {
  EvaluationFacts facts;
  named(folder / "metrics.json", [&](const std::string& text) {
    facts.metrics = runtime::parse_json(text, kMetricsLimits);
    read_matrix(facts);
    return 0;
  });
  facts.metrics.erase("confusion_matrix");  // its memory
  named(folder / "mistakes.csv", [&](const std::string& text) {
    read_mistakes(facts, text);
    return 0;
  });
  return facts;
}

}  // namespace torchport::component
