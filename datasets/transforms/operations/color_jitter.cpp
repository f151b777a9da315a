// Brightness, contrast, saturation and hue change by random amounts, in random order.
#include "datasets/pixels/colour.h"
#include "datasets/transforms/draws.h"
#include "datasets/transforms/operation.h"

namespace torchport::datasets {
namespace {

constexpr std::array kAdjust = {adjust_brightness, adjust_contrast, adjust_saturation, adjust_hue};

/// One number d for centre - d (not below 0) to centre + d, or two numbers. Nothing where it would change nothing.
std::optional<Arguments::Interval> range(const Arguments& args, const char* name, double centre, double low, double high) {
  if (!args.has(name)) return std::nullopt;
  const auto given = args.numbers(name, 1, 2, low, high);
  if (given.size() == 1 && given[0] < 0) throw ArgumentError(std::string(name) + " is negative, but must be 0 or more");
  Arguments::Interval factors = {std::max(centre - given[0], low), centre + given[0]};
  if (given.size() == 2) factors = args.interval(name, {}, low, high);
  if (factors[0] == centre && factors[1] == centre) return std::nullopt;
  return factors;
}

}  // namespace

Operation color_jitter(Arguments& args) {
  args.names({"brightness", "contrast", "saturation", "hue"});
  constexpr double kMost = 1e6;  // torchvision has no bound, but float32 has
  const JitterRanges ranges = {range(args, "brightness", 1, 0, kMost), range(args, "contrast", 1, 0, kMost),
                               range(args, "saturation", 1, 0, kMost), range(args, "hue", 0, -0.5, 0.5)};
  Operation operation;
  operation.random = true;
  operation.apply = [ranges](Pixels& image, RandomStream& random) {
    const Jitter jitter = draw_jitter(ranges, random);
    for (const std::size_t k : jitter.order) {
      if (jitter.factors[k]) kAdjust[k](image, *jitter.factors[k]);
    }
  };
  return operation;
}

}  // namespace torchport::datasets
