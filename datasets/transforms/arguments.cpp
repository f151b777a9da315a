#include "datasets/transforms/arguments.h"

#include "runtime/error/error.h"
#include "runtime/text/python_json.h"
#include "runtime/text/text.h"

namespace torchport::datasets {
namespace {

using nlohmann::json;

constexpr double kMaxAngle = 1e6;         // degrees
constexpr std::int64_t kMaxSide = 65535;  // pixels; PNG readers, JPEG and the arithmetic of affine maps end about there

std::string shown(const json& value) {
  std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  if (text.size() > 40) text = text.substr(0, 37) + "...";
  return text;
}

std::string bound(double value) {
  std::string text = runtime::python_float(value);
  return text.ends_with(".0") ? text.substr(0, text.size() - 2) : text;
}

[[noreturn]] void refuse(const char* name, const json& value, const std::string& wanted) {
  throw ArgumentError(std::string(name) + " is " + shown(value) + ", but must be " + wanted);
}

double checked(const char* name, const json& value, double low, double high) {
  const std::string wanted = "a number, " + bound(low) + " to " + bound(high);
  if (!value.is_number()) refuse(name, value, wanted);
  const double number = value.get<double>();
  if (!(number >= low && number <= high)) refuse(name, value, wanted);
  return number;
}

std::int64_t whole(const char* name, const json& value, std::int64_t low, std::int64_t high) {
  const bool fits = value.is_number_integer() && !(value.is_number_unsigned() && value.get<std::uint64_t>() > INT64_MAX);
  if (!fits || value.get<std::int64_t>() < low || value.get<std::int64_t>() > high) {
    refuse(name, value, "a whole number, " + std::to_string(low) + " to " + std::to_string(high));
  }
  return value.get<std::int64_t>();
}

}  // namespace

void Arguments::names(std::initializer_list<const char*> names) {
  const std::vector<std::string> known(names.begin(), names.end());
  const auto set = [&](const std::string& name, const json& value) {
    if (!value.is_null()) named_[name] = value;
  };
  if (given_.is_object()) {
    for (const auto& [name, value] : given_.items()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        const std::string near = runtime::nearest(name, known);
        throw ArgumentError("it has no argument '" + runtime::escape(name) + "'" +
                            (near.empty() ? "" : "; did you mean " + near + "?"));
      }
      set(name, value);
    }
    return;
  }
  const json list = given_.is_array() ? given_ : json::array({given_});
  if (list.size() > known.size())
    throw ArgumentError("it has " + std::to_string(list.size()) + " arguments, more than " + std::to_string(known.size()));
  for (std::size_t i = 0; i < list.size(); ++i) set(known[i], list[i]);
}

const json& Arguments::value(const char* name) const {
  const auto found = named_.find(name);
  if (found == named_.end()) throw ArgumentError(std::string(name) + " is missing");
  return found->second;
}

double Arguments::number(const char* name, double fallback, double low, double high) const {
  return has(name) ? checked(name, value(name), low, high) : fallback;
}

std::int64_t Arguments::integer(const char* name, std::int64_t low, std::int64_t high) const {
  return whole(name, value(name), low, high);
}

bool Arguments::flag(const char* name) const {
  if (!has(name)) return false;
  if (!value(name).is_boolean()) refuse(name, value(name), "true or false");
  return value(name).get<bool>();
}

std::vector<double> Arguments::numbers(const char* name, std::size_t least, std::size_t most, double low, double high) const {
  const json& found = value(name);
  const json list = found.is_array() ? found : json::array({found});
  if (list.size() < least || list.size() > most) {
    const std::string counts = least == most ? std::to_string(least) : std::to_string(least) + " to " + std::to_string(most);
    refuse(name, found, counts + " numbers");
  }
  std::vector<double> numbers;
  for (const json& number : list) numbers.push_back(checked(name, number, low, high));
  return numbers;
}

std::vector<int> Arguments::lengths(const char* name) const {
  const json& found = value(name);
  const json list = found.is_array() ? found : json::array({found});
  if (list.empty() || list.size() > 2) refuse(name, found, "one number, or height and width");
  std::vector<int> lengths;
  for (const json& length : list) lengths.push_back(static_cast<int>(whole(name, length, 1, kMaxSide)));
  return lengths;
}

ImageSize Arguments::size(const char* name) const {
  const auto found = lengths(name);
  return {found.front(), found.back()};
}

Arguments::Interval Arguments::interval(const char* name, Interval fallback, double low, double high) const {
  if (!has(name)) return fallback;
  const auto found = numbers(name, 2, 2, low, high);
  if (found[0] > found[1]) refuse(name, value(name), "two numbers, the lower one first");
  return {found[0], found[1]};
}

Arguments::Interval Arguments::angles(const char* name) const {
  if (value(name).is_array()) return interval(name, {}, -kMaxAngle, kMaxAngle);
  const double degrees = checked(name, value(name), 0, kMaxAngle);
  return {-degrees, degrees};
}

std::optional<std::array<double, 2>> Arguments::point(const char* name) const {
  if (!has(name)) return std::nullopt;
  const auto found = numbers(name, 2, 2, -kMaxSide, kMaxSide);
  return std::array{found[0], found[1]};
}

Rgb Arguments::fill() const {
  if (!has("fill")) return {};
  const auto found = numbers("fill", 1, 3, 0, 255);
  if (found.size() == 2) refuse("fill", value("fill"), "one number or three");
  const auto byte = [&](std::size_t channel) { return static_cast<std::uint8_t>(found[found.size() == 1 ? 0 : channel]); };
  return {byte(0), byte(1), byte(2)};
}

Interpolation Arguments::interpolation(std::initializer_list<Interpolation> known) const {
  if (!has("interpolation")) return *known.begin();
  constexpr std::array kPillow = {std::pair(0, Interpolation::nearest), std::pair(2, Interpolation::bilinear),
                                  std::pair(3, Interpolation::bicubic)};
  std::string wanted;
  for (const auto& [number, interpolation] : kPillow) {
    if (std::find(known.begin(), known.end(), interpolation) == known.end()) continue;
    if (value("interpolation") == number) return interpolation;
    wanted += (wanted.empty() ? "" : " or ") + std::to_string(number);
  }
  refuse("interpolation", value("interpolation"), wanted + " (Pillow's numbers; the others are not implemented)");
}

Border Arguments::padding() const {
  const json& found = value("padding");
  const json list = found.is_array() ? found : json::array({found});
  if (list.empty() || list.size() == 3 || list.size() > 4) refuse("padding", found, "one, two or four numbers");
  std::array<int, 4> sides{};
  for (std::size_t i = 0; i < 4; ++i) sides[i] = static_cast<int>(whole("padding", list[i % list.size()], 0, kMaxSide));
  return {sides[0], sides[1], sides[2], sides[3]};
}

BorderMode Arguments::padding_mode() const {
  static const std::map<std::string, BorderMode> kModes = {{"constant", BorderMode::constant},
                                                           {"edge", BorderMode::edge},
                                                           {"reflect", BorderMode::reflect},
                                                           {"symmetric", BorderMode::symmetric}};
  if (!has("padding_mode")) return BorderMode::constant;
  for (const auto& [name, mode] : kModes) {
    if (value("padding_mode") == name) return mode;
  }
  refuse("padding_mode", value("padding_mode"), "constant, edge, reflect or symmetric");
}

}  // namespace torchport::datasets
