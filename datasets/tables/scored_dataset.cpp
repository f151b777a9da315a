#include "datasets/tables/scored_dataset.h"

#include <cmath>

#include "datasets/directory/image_directory_form.h"
#include "datasets/directory/origin_list.h"
#include "datasets/tables/scored_columns.h"
#include "runtime/error/error.h"
#include "runtime/text/python_json.h"

namespace torchport::datasets {
namespace {

constexpr const char* kIdColumn = "id";

/// Takes columns out of a table, as texts or as probabilities.
class Taker {
 public:
  Taker(const DataFrameDirectory& directory, DataFrame frame) : directory_(directory), frame_(std::move(frame)) {}

  std::size_t rows() const { return frame_.rows; }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const Column& column : frame_.columns) names.push_back(column.name);
    return names;
  }

  std::vector<std::string> texts(const std::string& name) {
    Column& column = sound(name);
    if (auto* texts = std::get_if<std::vector<std::string>>(&column.values)) {
      const auto blank = std::find(texts->begin(), texts->end(), "");  // how pandas writes a missing one to CSV
      if (blank != texts->end()) broken(name, "row " + std::to_string(blank - texts->begin() + 1) + " has no value");
      return std::move(*texts);
    }
    const auto* numbers = std::get_if<std::vector<std::int64_t>>(&column.values);  // categories named 0, 1, ... by another program
    if (!numbers) broken(name, "it holds numbers instead of names");
    std::vector<std::string> texts;
    for (const std::int64_t number : *numbers) texts.push_back(std::to_string(number));
    return texts;
  }

  /// The ids of the rows, or none where there are no such numbers.
  std::vector<std::int64_t> ids() const {
    const Column* column = frame_.find(kIdColumn);
    const auto* numbers = column && column->fault.empty() ? std::get_if<std::vector<std::int64_t>>(&column->values) : nullptr;
    return numbers ? *numbers : std::vector<std::int64_t>();
  }

  std::vector<double> probabilities(const std::string& name) {
    Column& column = sound(name);
    std::vector<double> values;
    if (auto* reals = std::get_if<std::vector<double>>(&column.values)) {
      values = std::move(*reals);
    } else if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&column.values)) {
      values.assign(integers->begin(), integers->end());
    } else {
      broken(name, "it holds texts instead of probabilities");
    }
    for (std::size_t row = 0; row < values.size(); ++row) {
      if (!(values[row] >= 0 && values[row] <= 1))  // not a number fails both
        broken(name,
               "row " + std::to_string(row + 1) + " is " + runtime::python_float(values[row]) + ", which is not a probability");
    }
    return values;
  }

 private:
  [[noreturn]] void broken(const std::string& column, const std::string& reason) const {
    throw runtime::Error(
        "NotScoredDataset.broken_table",
        {{"what", directory_.what()}, {"path", directory_.root().string()}, {"reason", "the column '" + column + "': " + reason}});
  }

  /// The column must be there, in a table whose schema says so as well.
  Column& sound(const std::string& name) {
    const auto found = std::find_if(frame_.columns.begin(), frame_.columns.end(), [&](const Column& c) { return c.name == name; });
    if (found == frame_.columns.end()) broken(name, "it is missing");
    if (!found->fault.empty()) broken(name, found->fault);
    return *found;
  }

  const DataFrameDirectory& directory_;
  DataFrame frame_;
};

}  // namespace

void write_scored_dataset(runtime::OutputDirectory& output, ScoredDataset scored, const std::string& label_column,
                          TableFormat format) {
  OriginListWriter origins;
  for (std::size_t row = 0; row < scored.origins.size(); ++row) origins.add(std::to_string(scored.ids[row]), scored.origins[row]);
  origins.write(output);
  DataFrame frame;
  ColumnRoles roles;
  frame.rows = scored.rows();
  frame.columns.push_back({kIdColumn, std::move(scored.ids), {}});
  if (!scored.truth.empty()) {
    roles.label = label_column;
    frame.columns.push_back({label_column, std::move(scored.truth), {}});
    std::sort(frame.columns.begin(), frame.columns.end(), [](const Column& a, const Column& b) { return a.name < b.name; });
  }
  for (std::size_t c = 0; c < scored.classes.size(); ++c) {
    const std::string name = std::string(kProbabilities) + scored.classes[c];
    roles.scores.emplace_back(name, name);
    frame.columns.push_back({name, std::move(scored.probabilities[c]), {}});
  }
  roles.scores.emplace_back(kPredictedRole, kScoredLabels);
  frame.columns.push_back({std::string(kScoredLabels), std::move(scored.predicted), {}});
  write_data_frame_directory(output, frame, roles, format);
}

ScoredDataset read_scored_dataset(const DataFrameDirectory& directory) {
  Taker table(directory, read_table(directory, {kLabelColumn, std::string(kScoredLabels)}));
  const ScoredColumns columns = scored_columns(directory, table.names());
  if (table.rows() == 0)
    throw runtime::Error("NotScoredDataset.no_rows", {{"what", directory.what()}, {"path", directory.root().string()}});
  ScoredDataset scored;
  scored.truth = table.texts(columns.truth);
  scored.predicted = table.texts(columns.predicted);
  for (const auto& [name, column] : columns.probabilities) {
    scored.classes.push_back(name);
    scored.probabilities.push_back(table.probabilities(column));
  }
  scored.ids = table.ids();
  if (!directory.schema() || scored.ids.empty()) return scored;
  OriginList list = read_origins(directory.root(), scored.rows(), [&](std::size_t row) { return std::to_string(scored.ids[row]); });
  scored.origins = std::move(list.origins);
  scored.doubt = std::move(list.doubt);
  return scored;
}

}  // namespace torchport::datasets
