#include "component/evaluation/comparison.h"

#include <map>

#include "datasets/tables/table_writer.h"

namespace torchport::component {

std::optional<PairedResult> paired(const datasets::ScoredDataset& first, const datasets::ScoredDataset& second) {
  if (first.ids.empty() || second.ids.empty() || first.rows() != second.rows()) return std::nullopt;
  std::map<std::int64_t, std::size_t> rows;
  for (std::size_t row = 0; row < second.rows(); ++row) rows.emplace(second.ids[row], row);
  if (rows.size() != second.rows()) return std::nullopt;  // an id that is there twice says nothing
  PairedResult result;
  for (std::size_t row = 0; row < first.rows(); ++row) {
    const auto other = rows.find(first.ids[row]);
    if (other == rows.end() || second.truth[other->second] != first.truth[row]) return std::nullopt;
    const bool one = first.predicted[row] == first.truth[row], two = second.predicted[other->second] == first.truth[row];
    ++result.images;
    ++(one && two ? result.both : one ? result.first_only : two ? result.second_only : result.neither);
    rows.erase(other);
  }
  return result;
}

std::vector<ComparedFigure> compared_figures(const Evaluation& first, const Evaluation& second) {
  std::vector<ComparedFigure> figures = {{"accuracy", first.accuracy, second.accuracy},
                                         {"top-5 accuracy", first.top5, second.top5},
                                         {"macro precision", first.macro.precision, second.macro.precision},
                                         {"macro recall", first.macro.recall, second.macro.recall},
                                         {"macro F1", first.macro.f1, second.macro.f1},
                                         {"weighted F1", first.weighted.f1, second.weighted.f1},
                                         {"log loss", first.log_loss, second.log_loss},
                                         {"calibration error", first.calibration_error, second.calibration_error}};
  std::map<std::string_view, const CategoryResult*> others;
  for (const CategoryResult& category : second.categories) others.emplace(category.name, &category);
  for (const CategoryResult& category : first.categories)
    if (const auto other = others.find(category.name); other != others.end())
      figures.push_back({"F1 of " + category.name, category.quality.f1, other->second->quality.f1});
  return figures;
}

std::string comparison_csv(const std::vector<ComparedFigure>& figures) {
  std::vector<std::string> names;
  std::vector<double> first, second, difference;
  for (const ComparedFigure& figure : figures) {
    names.push_back(figure.name);
    first.push_back(figure.first);
    second.push_back(figure.second);
    difference.push_back(figure.second - figure.first);
  }
  datasets::DataFrame frame;
  frame.rows = names.size();
  frame.columns = {{"figure", std::move(names), {}},
                   {"scored_dataset", std::move(first), {}},
                   {"compared_dataset", std::move(second), {}},
                   {"difference", std::move(difference), {}}};
  return datasets::csv_text(frame);
}

}  // namespace torchport::component
