#include "component/evaluation/report.h"

#include "datasets/tables/table_writer.h"

namespace torchport::component {
namespace {

using Json = nlohmann::ordered_json;

Json json(const Quality& quality) { return {{"precision", quality.precision}, {"recall", quality.recall}, {"f1", quality.f1}}; }

Json json(const CategoryResult& category) {
  Json row = {{"name", category.name}};
  row.update(json(category.quality));
  row["support"] = category.support;
  row["predicted"] = category.predicted;
  return row;
}

Json json(const ConfidenceBin& bin) {
  return {{"above", bin.low}, {"up_to", bin.high}, {"rows", bin.rows}, {"confidence", bin.confidence}, {"accuracy", bin.accuracy}};
}

Json figures(const Evaluation& e) {
  return {{"rows", e.rows},           {"accuracy", e.accuracy}, {"top_1_accuracy", e.accuracy},
          {"top_5_accuracy", e.top5}, {"log_loss", e.log_loss}, {"expected_calibration_error", e.calibration_error},
          {"macro", json(e.macro)},   {"micro", json(e.micro)}, {"weighted", json(e.weighted)}};
}

/// A list with one item a line: a matrix of 1000 categories would have a million lines otherwise.
template <class Items>
std::string lines(const char* key, const Items& items) {
  std::string text = "  \"" + std::string(key) + "\": [";
  for (const auto& item : items) text += (text.back() == '[' ? "\n    " : ",\n    ") + Json(item).dump(-1, ' ', true);
  return text + "\n  ]";
}

template <class Items>
std::vector<Json> all(const Items& items) {
  std::vector<Json> list;
  for (const auto& item : items) list.push_back(json(item));
  return list;
}

}  // namespace

std::string metrics_json(const Evaluation& e, const ComparedEvaluation* compared) {
  Json all_figures = figures(e);
  if (compared) {
    all_figures["compared"] = figures(compared->evaluation);
    all_figures["compared"]["categories"] = all(compared->evaluation.categories);
    if (const auto& pairs = compared->paired)
      all_figures["paired"] = {{"images", pairs->images},
                               {"both_right", pairs->both},
                               {"scored_dataset_only", pairs->first_only},
                               {"compared_dataset_only", pairs->second_only},
                               {"neither", pairs->neither}};
  }
  std::string text = all_figures.dump(2, ' ', true);
  text.resize(text.size() - 2);  // the closing "\n}"
  return text + ",\n" + lines("categories", all(e.categories)) + ",\n" + lines("confusion_matrix", e.matrix) + ",\n" +
         lines("calibration_bins", all(e.bins)) + "\n}\n";
}

std::string confusion_csv(const Evaluation& e) {
  datasets::DataFrame frame;
  frame.rows = e.categories.size();
  std::vector<std::string> names;
  for (const CategoryResult& category : e.categories) names.push_back(category.name);
  frame.columns.push_back({"true \\ predicted", names, {}});
  for (std::size_t predicted = 0; predicted < names.size(); ++predicted) {
    std::vector<std::int64_t> counts;
    for (const auto& row : e.matrix) counts.push_back(row[predicted]);
    frame.columns.push_back({names[predicted], std::move(counts), {}});
  }
  return datasets::csv_text(frame);
}

}  // namespace torchport::component
