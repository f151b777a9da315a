#include "models/directory/label_map.h"

#include <set>
#include <stdexcept>

#include "runtime/text/csv.h"
#include "runtime/text/encoding.h"
#include "runtime/text/utf8.h"

namespace torchport::models {
namespace {

/// Takes one field and its separator off `csv` (RFC 4180). Returns whether the row goes on.
bool take_field(std::string_view& csv, std::string& field) {
  field.clear();
  if (csv.starts_with('"')) {
    std::size_t at = 1;
    for (; at < csv.size(); ++at) {
      if (csv[at] == '"' && !csv.substr(at + 1).starts_with('"')) break;
      if (csv[at] == '"') ++at;
      field += csv[at];
    }
    if (at == csv.size()) throw std::runtime_error("a quoted field does not end");
    csv.remove_prefix(at + 1);
  } else {
    field = csv.substr(0, csv.find_first_of(",\r\n"));
    if (field.find('"') != field.npos) throw std::runtime_error("a quote within a field that is not quoted");
    csv.remove_prefix(field.size());
  }
  if (csv.starts_with("\r\n")) csv.remove_prefix(1);
  if (!csv.empty() && csv[0] != ',' && csv[0] != '\n') throw std::runtime_error("a character follows a field");
  const bool more = csv.starts_with(',');
  if (!csv.empty()) csv.remove_prefix(1);
  return more;
}

/// Takes one row of two fields off `csv`.
std::pair<std::string, std::string> take_row(std::string_view& csv, std::size_t row) {
  std::pair<std::string, std::string> fields;
  if (!take_field(csv, fields.first) || take_field(csv, fields.second)) {
    throw std::runtime_error("row " + std::to_string(row) + " does not have two columns");
  }
  return fields;
}

}  // namespace

std::vector<std::string> parse_label_map(std::string_view csv) {
  if (const char* const fault = runtime::encoding_fault(csv)) throw std::runtime_error(std::string("it ") + fault);
  if (!runtime::is_utf8(csv)) throw std::runtime_error("it is not UTF-8");
  if (take_row(csv, 0).second != "label") throw std::runtime_error("its second column is not 'label'");
  std::vector<std::string> labels;
  std::set<std::string> seen;
  while (!csv.empty()) {
    auto [index, label] = take_row(csv, labels.size() + 1);
    if (index != std::to_string(labels.size())) {
      throw std::runtime_error("row " + std::to_string(labels.size() + 1) + " has the index '" + index + "', not " +
                               std::to_string(labels.size()));
    }
    if (label.empty()) throw std::runtime_error("the label of class " + index + " is empty");
    if (!seen.insert(label).second) throw std::runtime_error("the label '" + label + "' is there twice");
    labels.push_back(std::move(label));
  }
  return labels;
}

std::string label_map_csv(const std::vector<std::string>& labels) {
  std::string csv = ",label\n";
  for (std::size_t i = 0; i < labels.size(); ++i) csv += std::to_string(i) + "," + runtime::csv_field(labels[i]) + "\n";
  return csv;
}

}  // namespace torchport::models
