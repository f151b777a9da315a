#include "runtime/request/parse_value.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "runtime/error/error.h"
#include "runtime/spec/spec_map.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

constexpr std::string_view kSmallFalse = "false";  ///< a text like any other to the original, and so True

Fields fields_of(const ParameterSpec& parameter, std::string_view text) {
  Fields fields = {{"flag", parameter.flag},
                   {"value", std::string(text)},
                   {"range", parameter.allowed()},
                   {"default", parameter.default_or_none()}};
  if (parameter.range) {
    fields["low"] = parameter.range->low_text;
    fields["high"] = parameter.range->high_text;
  }
  return fields;
}

/// Which designer's error a value outside of `range` is, or nothing. Comparing as double is exact for every bound below 2^53.
const char* range_error(const Range& range, double value) {
  const bool too_low = range.low && (range.low_open ? value <= *range.low : value < *range.low);
  const bool too_high = range.high && (range.high_open ? value >= *range.high : value > *range.high);
  if (!too_low && !too_high) return nullptr;
  if (range.low && range.high) return "NotInRangeValue.parameter";
  if (too_low) return range.low_open ? "GreaterThan.parameter" : "GreaterThanOrEqualTo.parameter";
  return range.high_open ? "LessThan.parameter" : "LessThanOrEqualTo.parameter";
}

bool is_digits(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text[0] != '0' && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::int64_t parse_integer(const ParameterSpec& parameter, std::string_view text) {
  const auto value = decimal_integer(text);
  if (!value)
    throw Error(is_digits(text) ? "ParameterParsing.too_large" : "ParameterParsing.not_an_integer", fields_of(parameter, text));
  return *value;
}

double parse_real(const ParameterSpec& parameter, std::string_view text) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || fault == std::errc::invalid_argument) {
    throw Error("ParameterParsing.not_a_number", fields_of(parameter, text));
  }
  // 1e400 and 1e-400 are no faults of spelling, but no double is near them.
  if (fault == std::errc::result_out_of_range) throw Error("ParameterParsing.too_large", fields_of(parameter, text));
  if (std::isnan(value)) throw Error("NaN.parameter", fields_of(parameter, text));
  if (std::isinf(value)) throw Error("Infinity.parameter", fields_of(parameter, text));
  return value;
}

bool parse_boolean(const ParameterSpec& parameter, std::string_view text) {
  if (text == "True" || text == "true") return true;
  if (text == "False" || text == kSmallFalse) return false;
  throw Error("ParameterParsing.not_a_boolean", fields_of(parameter, text));
}

std::string parse_choice(const ParameterSpec& parameter, std::string_view text) {
  if (parameter.several && text.find(',') != text.npos) {
    std::set<std::string> seen;
    for (const std::string& one : split(text, ','))
      if (!seen.insert(parse_choice(parameter, one)).second)
        throw Error("ParameterParsing.named_twice", {{"flag", parameter.flag}, {"value", one}});
    return std::string(text);
  }
  if (std::find(parameter.choices.begin(), parameter.choices.end(), text) != parameter.choices.end()) return std::string(text);
  const std::string near = nearest(text, parameter.choices);
  Fields fields = fields_of(parameter, text);
  fields["nearest"] = near.empty() ? "" : "Did you mean " + near + "? ";
  fields["choices"] = join(parameter.choices, ", ");
  throw Error(parameter.unknown_error, std::move(fields));
}

template <class Number>
Value within_range(const ParameterSpec& parameter, std::string_view text, Number value) {
  const char* key = parameter.range ? range_error(*parameter.range, static_cast<double>(value)) : nullptr;
  if (!key) return value;
  Fields fields = fields_of(parameter, text);
  if (parameter.type == ParameterType::size) fields["range"] = parameter.range->text;  // of each length
  throw Error(key, std::move(fields));
}

/// A finite number; the original took whatever its shell had made a number of.
std::optional<double> as_number(std::string_view text) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || fault != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// One length, or one or two in square brackets.
Lengths parse_lengths(const ParameterSpec& parameter, std::string_view text) {
  const bool list = text.size() > 1 && text.front() == '[' && text.back() == ']';
  Lengths lengths;
  for (std::string part : split(list ? text.substr(1, text.size() - 2) : text, ',')) {
    if (list) part = trimmed(part);
    const auto length = decimal_integer(part);
    if (!length)
      throw Error(is_digits(part) ? "ParameterParsing.too_large" : "ParameterParsing.not_a_size", fields_of(parameter, text));
    within_range(parameter, part, *length);
    lengths.push_back(*length);
  }
  if (lengths.size() > (list ? 2U : 1U)) throw Error("ParameterParsing.not_a_size", fields_of(parameter, text));
  return lengths;
}

}  // namespace

Value parse_value(const ParameterSpec& parameter, std::string_view text) {
  switch (parameter.type) {
    case ParameterType::integer:
      return within_range(parameter, text, parse_integer(parameter, text));
    case ParameterType::real:
      return within_range(parameter, text, parse_real(parameter, text));
    case ParameterType::boolean:
      return parse_boolean(parameter, text);
    case ParameterType::choice:
      return parse_choice(parameter, text);
    case ParameterType::size:
      return parse_lengths(parameter, text);
    case ParameterType::string:
      break;
  }
  if (text.empty()) throw Error("NullOrEmpty.parameter", {{"flag", parameter.flag}, {"title", parameter.title}});
  return std::string(text);
}

Understood understand(const ParameterSpec& parameter, std::string_view text) {
  const std::string given = "--" + parameter.flag + " is " + std::string(text);
  if (const auto number = parameter.type == ParameterType::boolean ? as_number(text) : std::nullopt)
    return {*number != 0,
            ValueNote{false, given + ", which is taken as " + (*number != 0 ? "True" : "False") + ": of a number only 0 is False" +
                                 (*number != 0 && *number != 1 ? "; the number itself is not used" : "")}};
  Understood understood{parse_value(parameter, text), std::nullopt};
  if (parameter.type == ParameterType::boolean && text == kSmallFalse && !parameter.option)
    understood.note = ValueNote{false, given + " in small letters, which is taken as False; the original took it as True"};
  if (parameter.registered_range) {
    const auto* const whole = std::get_if<std::int64_t>(&understood.value);
    if (range_error(*parameter.registered_range, whole ? static_cast<double>(*whole) : std::get<double>(understood.value)))
      understood.note =
          ValueNote{true, given + ", which the designer did not take: its range is " + parameter.registered_range->words()};
  }
  return understood;
}

std::string text_of_value(const Value& value) {
  if (const auto* const text = std::get_if<std::string>(&value)) return *text;
  if (const auto* const truth = std::get_if<bool>(&value)) return *truth ? "True" : "False";
  if (const auto* const lengths = std::get_if<Lengths>(&value); lengths && lengths->size() > 1)
    return "[" + std::to_string(lengths->at(0)) + ", " + std::to_string(lengths->at(1)) + "]";
  return json_of(value).dump();
}

nlohmann::json json_of(const Value& value) {
  if (const auto* const lengths = std::get_if<Lengths>(&value); lengths && lengths->size() == 1) return lengths->front();
  return std::visit([](const auto& one) { return nlohmann::json(one); }, value);
}

}  // namespace torchport::runtime
