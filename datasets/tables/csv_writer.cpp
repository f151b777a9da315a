#include "datasets/tables/table_files.h"
#include "runtime/text/python_json.h"

namespace torchport::datasets {
namespace {

std::string field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

struct Cell {
  std::size_t row;
  std::string operator()(const std::vector<std::int64_t>& values) const { return std::to_string(values[row]); }
  std::string operator()(const std::vector<double>& values) const { return runtime::python_float(values[row]); }
  std::string operator()(const std::vector<std::string>& values) const { return field(values[row]); }
};

}  // namespace

std::string csv_text(const DataFrame& frame) {
  std::string text;
  for (const Column& column : frame.columns) text += (text.empty() ? "" : ",") + field(column.name);
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
