// DataFrameDirectory::read: apart from open(), because it brings Arrow in.
#include "datasets/tables/data_frame_directory.h"
#include "datasets/tables/table_files.h"
#include "runtime/error/error.h"

namespace torchport::datasets {
namespace {

/// Adds the rows of another part, which must have the same columns.
void append(DataFrame& frame, DataFrame part) {
  const auto same = [](const Column& a, const Column& b) { return a.name == b.name && a.values.index() == b.values.index(); };
  if (!std::equal(frame.columns.begin(), frame.columns.end(), part.columns.begin(), part.columns.end(), same))
    throw std::runtime_error("its columns are not those of the first file");
  for (std::size_t i = 0; i < frame.columns.size(); ++i) {
    Column& column = frame.columns[i];
    if (column.fault.empty()) column.fault = part.columns[i].fault;
    std::visit(
        [&](auto& values) {
          auto& more = std::get<std::decay_t<decltype(values)>>(part.columns[i].values);
          values.insert(values.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
        },
        column.values);
  }
  frame.rows += part.rows;
}

}  // namespace

DataFrame DataFrameDirectory::read(std::set<std::string> texts) const {
  if (schema_) texts = schema_->texts;
  DataFrame frame;
  TableBudget budget;
  for (const auto& file : files_) {
    try {
      DataFrame part = format_ == TableFormat::csv ? read_csv(file, texts, budget) : read_parquet(file, budget);
      if (&file == &files_.front()) {
        frame = std::move(part);
      } else {
        append(frame, std::move(part));
      }
    } catch (const std::runtime_error& error) {
      throw runtime::Error(
          "NotScoredDataset.broken_table",
          {{"what", what_}, {"path", root_.string()}, {"reason", "'" + file.filename().string() + "': " + error.what()}});
    }
  }
  return frame;
}

}  // namespace torchport::datasets
