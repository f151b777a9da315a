#include "datasets/tables/table_files.h"
#include "runtime/text/csv.h"
#include "runtime/text/python_json.h"

namespace torchport::datasets {
namespace {

struct Cell {
  std::size_t row;
  std::string operator()(const std::vector<std::int64_t>& values) const { return std::to_string(values[row]); }
  std::string operator()(const std::vector<double>& values) const { return runtime::python_float(values[row]); }
  std::string operator()(const std::vector<std::string>& values) const { return runtime::csv_field(values[row]); }
};

}  // namespace

std::string csv_text(const DataFrame& frame) {
  std::string text;
  for (const Column& column : frame.columns) text += (text.empty() ? "" : ",") + runtime::csv_field(column.name);
  text += '\n';
  for (std::size_t row = 0; row < frame.rows; ++row) {
    for (std::size_t c = 0; c < frame.columns.size(); ++c) {
      if (c > 0) text += ',';
      text += std::visit(Cell{row}, frame.columns[c].values);
    }
    text += '\n';
  }
  return text;
}

}  // namespace torchport::datasets
