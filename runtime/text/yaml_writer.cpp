#include "runtime/text/yaml_writer.h"

#include <algorithm>
#include <stdexcept>

#include "runtime/text/lower.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

using json = nlohmann::ordered_json;

// Keys that no document has.
constexpr const char *kFolded =
                         "\x01"
                         "folded",
                     *kLiteral =
                         "\x01"
                         "literal";

bool is_small(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string quoted(const std::string& text) { return json(text).dump(-1, ' ', false, json::error_handler_t::replace); }

std::string number(const json& value) {
  std::string text = value.dump();
  const std::size_t exponent = text.find('e');
  if (exponent != text.npos && text.find('.') == text.npos) text.insert(exponent, ".0");
  return text;
}

std::string scalar(const json& value) {
  if (value.is_string()) return yaml_text(value.get<std::string>());
  if (value.is_number()) return number(value);
  if (value.is_boolean() || value.is_null()) return value.dump();
  if (value.is_array() && value.empty()) return "[]";
  if (value.is_object() && value.empty()) return "{}";
  throw std::logic_error("a YAML scalar that is none: " + value.dump());
}

class Writer {
 public:
  void map(const json& map, std::size_t indent, bool on_dash = false) {
    for (const auto& [key, value] : map.items()) {
      if (!on_dash) out += std::string(indent, ' ');
      on_dash = false;
      out += yaml_text(key) + ":";
      if (block(value, " ", indent + 2)) continue;
      if (value.is_object() && !value.empty()) {
        out += "\n";
        this->map(value, indent + 2);
      } else if (value.is_array() && !value.empty()) {
        out += "\n";
        list(value, indent + 2);
      } else {
        out += " " + scalar(value) + "\n";
      }
    }
  }

  std::string out;

 private:
  void list(const json& list, std::size_t indent) {
    for (const json& entry : list) {
      out += std::string(indent, ' ') + "- ";
      if (block(entry, "", indent + 2)) continue;
      if (entry.is_object() && !entry.empty())
        map(entry, indent + 2, true);
      else
        out += scalar(entry) + "\n";
    }
  }

  /// Whether the value is a text in a block, which is written then.
  bool block(const json& value, const char* before, std::size_t indent) {
    const bool fold = value.is_object() && value.contains(kFolded);
    if (!fold && !(value.is_object() && value.contains(kLiteral))) return false;
    const auto lines = value.front().get<std::vector<std::string>>();
    out += std::string(before) + (fold ? ">-" : "|") + "\n";
    for (const std::string& line : lines) out += (line.empty() ? "" : std::string(indent, ' ')) + line + "\n";
    return true;
  }
};

}  // namespace

std::string yaml_text(const std::string& text) {
  static const std::vector<std::string> others = {"true", "false", "null", "yes",  "no",   "on", "off",
                                                  "y",    "n",     ".inf", ".nan", "-inf", "~"};
  const std::string small = lower(text);
  const auto harmless = [](char c) {
    return is_small(lower(c)) || is_digit(c) || c == '_' || c == '/' || c == '.' || c == '-' || c == ' ';
  };
  const bool starts =
      !text.empty() && (is_small(small[0]) || text[0] == '/' || (text[0] == '.' && text.size() > 1 && !is_digit(text[1])));
  const bool plain = starts && text.back() != ' ' && std::all_of(text.begin(), text.end(), harmless) &&
                     std::find(others.begin(), others.end(), small) == others.end() && !text.starts_with("inputs.");
  return plain ? text : quoted(text);
}

json folded(const std::vector<std::string>& lines) {
  json block = json::object();
  block[kFolded] = lines;
  return block;
}

json literal(const std::vector<std::string>& lines) {
  json block = json::object();
  block[kLiteral] = lines;
  return block;
}

std::string yaml_of(const json& document) {
  Writer writer;
  writer.map(document, 0);
  return std::move(writer.out);
}

}  // namespace torchport::runtime
