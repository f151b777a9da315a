#include "component/serving/question.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "datasets/tables/scored_columns.h"
#include "runtime/text/base64.h"
#include "runtime/text/encoding.h"
#include "runtime/text/json.h"
#include "runtime/text/shown.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace {

using nlohmann::json;

constexpr std::size_t kDepth = 8, kValuesOfARow = 256, kOtherValues = 1024;  ///< of a body
constexpr std::size_t kShown = 100;                                          ///< bytes of a client's text in a message
constexpr std::string_view kForms =
    R"(the body is neither {"Inputs": {"WebServiceInput0": [{"image": ...}]}} nor [{"image": ...}])";

[[noreturn]] void refuse(const std::string& sentence) { throw Refusal(400, sentence); }

std::string shown(std::string_view text) { return runtime::shown(text, kShown); }

/// What a client wants to see again in the answer: any value but lists and objects.
std::optional<json> echoed(json& row, const char* name, const std::string& place) {
  const auto found = row.find(name);
  if (found == row.end()) return std::nullopt;
  if (found->is_structured()) refuse(place + "." + name + " is a list or an object, which does not come back");
  return std::move(*found);
}

class Reader {
 public:
  explicit Reader(std::size_t most_rows) : most_rows_(most_rows) {}

  void add_table(const std::string& name, const std::string& output, json& rows) {
    if (!rows.is_array()) refuse(name + " is not a list of rows");
    if (rows.empty()) refuse(name.empty() ? "the body is a list without rows" : name + " has no rows");
    question_.tables.push_back({output, question_.rows.size(), rows.size()});
    if (question_.rows.size() + rows.size() > most_rows_)
      throw Refusal(413, "the request has more than " + std::to_string(most_rows_) + " rows");
    for (std::size_t i = 0; i < rows.size(); ++i) add_row(name + "[" + std::to_string(i) + "]", rows[i]);
  }

  void add_inputs(json& inputs) {
    if (!inputs.is_object() || inputs.empty()) refuse("Inputs is not an object that has a list of rows");
    std::set<std::string> outputs;
    for (auto& [name, rows] : inputs.items()) {
      const std::string output = output_name(name);
      if (!outputs.insert(output).second) refuse("two of the Inputs would both be answered as '" + shown(output) + "'");
      add_table("Inputs." + shown(name), output, rows);
    }
  }

  Question take(bool of_endpoint) {
    question_.of_endpoint = of_endpoint;
    return std::move(question_);
  }

 private:
  void add_row(std::string place, json& row) {
    if (!row.is_object()) refuse(place + " is not an object with the key image");
    const auto image = row.find("image");
    if (image == row.end()) refuse(place + " has no image");
    if (!image->is_string()) refuse(place + ".image is not a text");
    auto id = echoed(row, "id", place), category = echoed(row, "category", place);
    question_.rows.push_back({std::move(place), std::move(*image->get_ptr<std::string*>()), std::move(id), std::move(category)});
  }

  const std::size_t most_rows_;
  Question question_;
};

/// Parameters of a pipeline that was published with some: a model has none, and a client that gives one would get another answer
/// than it means.
void check_parameters(const json& body) {
  const auto found = body.find("GlobalParameters");
  if (found == body.end() || found->empty() || (found->is_string() && found->get_ref<const std::string&>().empty())) return;
  refuse("GlobalParameters is neither absent nor empty, and this service has no parameters");
}

/// The shortest text that is this float, and a number with a fraction or an exponent, as in Python's JSON.
void add_number(std::string& out, float value) {
  char digits[32];
  const auto end = std::to_chars(std::begin(digits), std::end(digits), value).ptr;
  const std::string_view text(digits, static_cast<std::size_t>(end - digits));
  out += text;
  if (text.find_first_of(".e") == text.npos) out += ".0";
}

std::string as_json(const json& value) { return value.dump(-1, ' ', /*ensure_ascii=*/true); }

bool any(std::span<const Row> rows, std::optional<json> Row::*what) {
  return std::any_of(rows.begin(), rows.end(), [&](const Row& row) { return (row.*what).has_value(); });
}

}  // namespace

Question read_question(std::string_view body, std::size_t most_rows) {
  if (body.empty()) refuse("the body is empty");
  json read;
  try {
    read = runtime::parse_json(runtime::without_mark(body), {kDepth, kOtherValues + kValuesOfARow * most_rows});
  } catch (const runtime::JsonError& error) {
    refuse("the body " + error.reason);
  }
  Reader reader(most_rows);
  if (read.is_array()) {
    reader.add_table("", "", read);
    return reader.take(false);
  }
  const auto inputs = read.is_object() ? read.find("Inputs") : read.end();
  if (!read.is_object() || inputs == read.end()) refuse(std::string(kForms));
  check_parameters(read);
  reader.add_inputs(*inputs);
  return reader.take(true);
}

std::string image_bytes(const Row& row) {
  std::string_view text = row.image;
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  if (text.starts_with("data:")) {
    // The type is not looked at: clients write image/png before JPEG. The bytes say what they are.
    const std::size_t comma = text.find(',');
    if (comma == text.npos || !text.substr(0, comma).ends_with(";base64"))
      refuse(row.place + ".image is a data URI without base64: data:image/png;base64,...");
    text.remove_prefix(comma + 1);
  }
  if (text.empty()) refuse(row.place + ".image is empty");
  try {
    return runtime::decode_base64(text);
  } catch (const std::runtime_error& error) {
    refuse(row.place + ".image " + error.what());
  }
}

std::string output_name(std::string_view input) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"Input", "Output"}, {"input", "output"}, {"INPUT", "OUTPUT"}};
  for (const auto& [from, to] : kNames) {
    if (const std::size_t at = input.find(from); at != input.npos)
      return std::string(input.substr(0, at)).append(to).append(input.substr(at + from.size()));
  }
  return std::string(input);
}

std::string message_json(std::string_view message) { return as_json(json{{"message", runtime::visible(message)}}); }

std::vector<std::string> answer_columns(const std::vector<std::string>& categories) {
  std::vector<std::string> columns;
  for (const auto& category : categories) columns.push_back(std::string(datasets::kProbabilities) + category);
  columns.emplace_back(datasets::kScoredLabels);
  return columns;
}

AnswerWriter::AnswerWriter(const std::vector<std::string>& categories, bool plain) : plain_(plain) {
  for (const auto& column : answer_columns(categories)) columns_.push_back(as_json(column));
  for (const auto& category : categories) labels_.push_back(as_json(category));
}

void AnswerWriter::add_scores(std::string& out, std::span<const float> probabilities, bool named) const {
  const auto name = [&](std::size_t column) {
    if (named) out.append(columns_[column]).append(": ");
  };
  for (std::size_t c = 0; c < probabilities.size(); ++c) {
    name(c);
    add_number(out, probabilities[c]);
    out += ", ";
  }
  name(probabilities.size());
  out += labels_[static_cast<std::size_t>(std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin())];
}

std::string AnswerWriter::write(const Question& question, std::span<const float> probabilities) const {
  const bool named = question.of_endpoint;
  const std::size_t classes = labels_.size();
  std::string out = named ? R"({"Results": {)" : R"({"result": )";
  for (const Table& table : question.tables) {
    const std::span<const Row> rows(question.rows.data() + table.first, table.count);
    if (named) out.append(&table == question.tables.data() ? "" : ", ").append(as_json(table.output)).append(": ");
    // A column is there where any row has it; a row without it then has null.
    const bool category = any(rows, &Row::category), id = any(rows, &Row::id);
    out += "[";
    for (std::size_t i = 0; i < rows.size(); ++i) {
      out.append(i == 0 ? "" : ", ").append(named ? "{" : "[");
      if (category) out.append(named ? R"("category": )" : "").append(as_json(rows[i].category.value_or(nullptr))).append(", ");
      if (id) out.append(named ? R"("id": )" : "").append(as_json(rows[i].id.value_or(nullptr))).append(", ");
      add_scores(out, probabilities.subspan((table.first + i) * classes, classes), named);
      out += named ? "}" : "]";
    }
    out += "]";
  }
  out += named ? "}}" : "}";
  return named || plain_ ? out : as_json(json(out));
}

}  // namespace torchport::component
