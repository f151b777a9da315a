#include "datasets/sources/label_rows.h"

#include <algorithm>
#include <set>
#include <span>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/pieces.h"
#include "runtime/text/csv_rows.h"
#include "runtime/text/encoding.h"
#include "runtime/text/json.h"
#include "runtime/text/lower.h"
#include "runtime/text/shown.h"
#include "runtime/text/text.h"
#include "runtime/text/utf8.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
using nlohmann::json;
using runtime::Error;
namespace {

constexpr std::size_t kMostTable = std::size_t{256} << 20;  ///< bytes of a CSV file: a million rows
constexpr std::size_t kLongestLine = std::size_t{1} << 20;
constexpr std::size_t kFirstLine = std::size_t{1} << 16;  ///< bytes in which the first line ends, or what tells its kind
constexpr runtime::JsonLimits kRowLimits{16, 10'000};
constexpr std::size_t kShownHeading = 80;  ///< bytes

std::string text_of(const fs::path& file) {
  try {
    return std::string(runtime::without_mark(runtime::read_file(file, kMostTable)));
  } catch (const std::runtime_error& error) {
    throw Error("CouldNotOpenFile.file", {{"path", file.string()}, {"reason", error.what()}});
  }
}

std::string first_line(const fs::path& file) {
  try {
    std::string text(runtime::without_mark(runtime::read_head(file, kFirstLine)));
    text.erase(std::min(text.find('\n'), text.size()));
    if (text.ends_with('\r')) text.pop_back();
    return text;
  } catch (const std::runtime_error&) {  // told by whoever needs it
    return "";
  }
}

/// A category's name: a text, or a number as it is written. Nothing where there is none.
std::optional<std::string> name_of(const json& value, const fs::path& file, std::size_t line) {
  if (value.is_null() || value == "") return std::nullopt;
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  refuse_row(file, line, "has a label that is neither a text nor a list of texts");
}

/// The category that all boxes of an image have.
std::optional<std::string> label_of_boxes(const json& boxes, const fs::path& file, std::size_t line) {
  std::set<std::optional<std::string>> names;
  for (const json& box : boxes) {
    const auto label = box.is_object() ? box.find("label") : box.end();
    if (label == box.end()) refuse_row(file, line, "has a label that is neither a text nor a list of texts");
    names.insert(name_of(*label, file, line));
  }
  if (names.size() > 1) refuse_row(file, line, "has boxes of several categories: an image has one category here");
  return *names.begin();
}

/// What a row says of its image's category. `sure` are the confidences of a list of labels, or no list.
LabelRow labelled(const json& label, const json& sure, const fs::path& file, std::size_t line) {
  const auto one = [&](const std::optional<std::string>& name) { return LabelRow{"", name, line}; };
  if (!label.is_array()) return one(name_of(label, file, line));
  if (label.empty()) return one(std::nullopt);
  if (label.front().is_object()) return one(label_of_boxes(label, file, line));
  if (label.size() == 1) return one(name_of(label.front(), file, line));
  if (!sure.is_array() || sure.size() != label.size() ||
      !std::all_of(sure.begin(), sure.end(), [](const json& each) { return each.is_number(); }))
    refuse_row(file, line, "has several labels and no confidence of each: an image has one category here");
  const auto less = [](const json& a, const json& b) { return a.get<double>() < b.get<double>(); };
  const auto most = std::max_element(sure.begin(), sure.end(), less);
  std::set<std::optional<std::string>> best;
  for (std::size_t i = 0; i < label.size(); ++i)
    if (sure[i].get<double>() == most->get<double>()) best.insert(name_of(label[i], file, line));
  if (best.size() > 1) refuse_row(file, line, "has several labels of the same highest confidence: an image has one category here");
  return {"", *best.begin(), line, true};
}

json list_in(const std::string& text) {
  try {
    return runtime::parse_json(text, kRowLimits);
  } catch (const runtime::JsonError&) {  // a name like any other
    return nullptr;
  }
}

/// The same of a field of a table: a name, or a list of names as JSON.
LabelRow labelled(const std::string& text, const std::string& sure, const fs::path& file, std::size_t line) {
  if (text.empty()) return {"", std::nullopt, line};
  if (!text.starts_with('[') || !text.ends_with(']')) return {"", text, line};
  if (const json list = list_in(text); list.is_array()) return labelled(list, list_in(sure), file, line);
  if (text.starts_with("['") || text.starts_with("[\"")) refuse_row(file, line, "has a list of labels that is not JSON");
  return {"", text, line};
}

json parsed(std::string_view text, const fs::path& file, std::size_t line) {
  try {
    return runtime::parse_json(text, kRowLimits);
  } catch (const runtime::JsonError& error) {
    refuse_row(file, line, error.reason);
  }
}

constexpr std::string_view kAddresses[] = {"Url", "image_url", "path", "file"}, kLabels[] = {"Label", "class"},
                           kConfidences[] = {"LabelConfidence", "label_confidence", "confidence"};

/// The place of the first heading that is one of `names`, in whatever case.
std::optional<std::size_t> column(const std::vector<std::string>& headings, std::span<const std::string_view> names) {
  for (const std::string_view name : names)
    for (std::size_t i = 0; i < headings.size(); ++i)
      if (runtime::lower(headings[i]) == runtime::lower(name)) return i;
  return std::nullopt;
}
bool has_columns(const std::vector<std::string>& headings) { return column(headings, kAddresses) && column(headings, kLabels); }

std::vector<std::string> headings_in(const std::string& line) {
  std::vector<std::string> headings;
  runtime::read_csv(line, [&](const std::vector<std::string>& fields) {
    headings = fields;
    return false;
  });
  return headings;
}

/// "Url, image_url, path or file".
std::string one_of(std::span<const std::string_view> names) {
  const std::vector<std::string> some(names.begin(), names.end() - 1);
  return runtime::join(some, ", ") + " or " + std::string(names.back());
}

}  // namespace

void refuse_row(const fs::path& file, std::size_t line, const std::string& reason) {
  throw Error("InvalidDataset.label_file", {{"path", file.string()}, {"line", std::to_string(line)}, {"reason", reason}});
}

std::vector<LabelRow> read_json_lines(const fs::path& file) {
  std::vector<LabelRow> rows;
  try {
    runtime::FileLines lines(file, kLongestLine);
    std::string_view text;
    for (std::size_t line = 1; lines.next(text); ++line) {
      if (line == 1) text = runtime::without_mark(text);
      if (text.find_first_not_of(" \t\r") == text.npos) continue;
      const json row = parsed(text, file, line);
      const auto address = row.is_object() ? row.find("image_url") : row.end();
      if (address == row.end() || !address->is_string() || *address == "") refuse_row(file, line, "has no text 'image_url'");
      rows.push_back(labelled(row.value("label", json()), row.value("label_confidence", json()), file, line));
      rows.back().address = address->get<std::string>();
    }
  } catch (const std::runtime_error& error) {
    throw Error("CouldNotOpenFile.file", {{"path", file.string()}, {"reason", error.what()}});
  }
  return rows;
}

std::vector<LabelRow> read_label_csv(const fs::path& file) {
  const std::string text = text_of(file);
  if (!runtime::is_utf8(text)) refuse_row(file, 1, "or a later one is not UTF-8");
  std::vector<LabelRow> rows;
  std::optional<std::size_t> address, label, sure;
  std::size_t line = 0, next = 1;
  const auto take = [&](const std::vector<std::string>& fields) {
    line = next++;
    for (const std::string& field : fields) next += static_cast<std::size_t>(std::count(field.begin(), field.end(), '\n'));
    if (line == 1) {
      address = column(fields, kAddresses);
      label = column(fields, kLabels);
      sure = column(fields, kConfidences);
      if (!address || !label) refuse_row(file, line, "has no heading with Url and Label");
      return true;
    }
    if (fields.size() == 1 && fields[0].empty()) return true;
    if (fields.size() <= std::max(*address, *label) || fields[*address].empty())
      refuse_row(file, line, "has no address of an image, or no field for its label");
    rows.push_back(labelled(fields[*label], sure && *sure < fields.size() ? fields[*sure] : "", file, line));
    rows.back().address = fields[*address];
    return true;
  };
  if (!runtime::read_csv(text, take)) refuse_row(file, line, "begins a field in quotes that does not end");
  return rows;
}

bool looks_like_json_lines(const fs::path& file) {
  const std::string line = first_line(file);
  return line.starts_with('{') && line.find("\"image_url\"") != line.npos && line.find("\"label\"") != line.npos;
}

bool looks_like_label_csv(const fs::path& file) { return has_columns(headings_in(first_line(file))); }

std::string heading_fault(const fs::path& file) {
  const std::string line = first_line(file);
  if (has_columns(headings_in(line))) return "";
  const std::string heading = "heading '" + runtime::shown(line, kShownHeading) + "' has ";
  for (const auto& [mark, name] : {std::pair(';', "semicolons"), std::pair('\t', "tabs")})
    if (has_columns(runtime::split(line, mark))) return heading + name + " between the columns, where commas belong";
  return heading + "no column " + one_of(kAddresses) + " beside one " + one_of(kLabels);
}

}  // namespace torchport::datasets
