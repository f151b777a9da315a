#include "datasets/tables/scored_columns.h"

#include "datasets/directory/image_directory_form.h"
#include "runtime/error/error.h"
#include "runtime/text/text.h"

namespace torchport::datasets {

ScoredColumns scored_columns(const DataFrameDirectory& directory, const std::vector<std::string>& names) {
  const ColumnRoles roles = directory.schema() ? directory.schema()->roles : ColumnRoles{kLabelColumn, {}};
  const auto has = [&](const std::string& name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  ScoredColumns columns{roles.label, std::string(kScoredLabels), {}};
  for (const auto& [role, column] : roles.scores)
    if (role == kPredictedRole) columns.predicted = column;
  for (const std::string& name : names)
    if (name.starts_with(kProbabilities)) columns.probabilities.emplace_back(name.substr(kProbabilities.size()), name);

  runtime::Fields fields = {{"what", directory.what()}, {"path", directory.root().string()}};
  std::vector<std::string> missing;
  if (!has(columns.predicted)) missing.push_back("'" + columns.predicted + "'");
  if (columns.probabilities.empty()) missing.push_back("'" + std::string(kProbabilities) + "<category>'");
  if (!missing.empty()) {
    fields["columns"] = runtime::join(missing, " and ");
    throw runtime::Error("NotScoredDataset.no_columns", fields);
  }
  if (columns.truth.empty() || !has(columns.truth)) throw runtime::Error("NotLabeledDataset.unlabelled", fields);
  return columns;
}

void check_scored(const DataFrameDirectory& directory) {
  if (directory.schema()) scored_columns(directory, directory.schema()->names);
}

}  // namespace torchport::datasets
