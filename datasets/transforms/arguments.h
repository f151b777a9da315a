// The arguments of one operation of `_transforms.json`, checked while they are read: a number is the first argument, a list gives
// them by place, an object by name. Used by datasets/transforms/operations/.
#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "datasets/codecs/decode.h"
#include "datasets/pixels/place.h"
#include "datasets/pixels/placement.h"

namespace torchport::datasets {

/// What is wrong with an argument, e.g. "p is 2, but must lie in 0 to 1".
struct ArgumentError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Every getter throws ArgumentError for a value of another kind or beyond its bounds; null counts as absent.
class Arguments {
 public:
  using Interval = std::array<double, 2>;

  explicit Arguments(nlohmann::json given) : given_(std::move(given)) {}
  /// Says the names, in torchvision's order, before any is read. Those that are never read have no effect on images here.
  void names(std::initializer_list<const char*> names);

  bool has(const char* name) const { return named_.contains(name); }
  double number(const char* name, double fallback, double low, double high) const;
  std::int64_t integer(const char* name, std::int64_t low, std::int64_t high) const;
  bool flag(const char* name) const;  ///< false where it is absent
  /// A list of `least` to `most` numbers, or one number as a list of one.
  std::vector<double> numbers(const char* name, std::size_t least, std::size_t most, double low, double high) const;
  /// One or two lengths in pixels.
  std::vector<int> lengths(const char* name) const;
  /// One length for a square, or height and width.
  ImageSize size(const char* name) const;
  /// Two numbers, the lower one first.
  Interval interval(const char* name, Interval fallback, double low, double high) const;
  /// Two numbers, or one number d for -d to d.
  Interval angles(const char* name) const;
  /// x and y of a point, in pixels.
  std::optional<std::array<double, 2>> point(const char* name) const;
  double probability(double fallback) const { return number("p", fallback, 0, 1); }
  /// One value for all channels or one for each, 0 to 255.
  Rgb fill() const;
  /// Pillow's number, of those that are implemented for the operation.
  Interpolation interpolation(std::initializer_list<Interpolation> known) const;
  /// `padding`: one number, two (left and right, top and bottom) or four (left, top, right, bottom).
  Border padding() const;
  BorderMode padding_mode() const;

 private:
  const nlohmann::json& value(const char* name) const;
  nlohmann::json given_;
  std::map<std::string, nlohmann::json, std::less<>> named_;
};

}  // namespace torchport::datasets
