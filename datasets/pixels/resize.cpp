#include "datasets/pixels/resize.h"

#include <algorithm>
#include <cmath>

namespace torchport::datasets {
namespace {

double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

/// Keys' cubic with a = -0.5.
double cubic(double x) {
  constexpr double kA = -0.5;
  x = std::abs(x);
  if (x < 1) return ((kA + 2) * x - (kA + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * kA : 0;
}

double scale_of(const ResizeAxis& axis) { return axis.extent / axis.out; }
/// Antialiasing: where an image shrinks, the filter grows.
double stretch_of(const ResizeAxis& axis) {
  const double scale = scale_of(axis);
  const double stretch = std::max(scale, 1.0);
  return stretch;
}
double centre_of(const ResizeAxis& axis, int place) { return axis.start + (place + 0.5) * scale_of(axis); }

std::uint8_t weighted_sum(const std::uint8_t* in, std::size_t step, int count, const WeightGroup* weights) {
  std::int32_t sum = kResizeHalf;
  for (int i = 0; i < count; ++i, in += step) {
    const WeightGroup& group = weights[i / 4];
    sum += (group.high[i % 4] * 256 + group.low[i % 4]) * *in;
  }
  return static_cast<std::uint8_t>(std::clamp(sum >> kResizePlaces, 0, 255));
}

void resize_rows(const std::uint8_t* in, std::size_t stride, int count, const ResizeKernel& kernel, std::uint8_t* out) {
  for (; count > 0; --count, in += stride) {
    for (const ResizeSpan& span : kernel.spans) {
      for (std::ptrdiff_t channel = 0; channel < 3; ++channel)
        *out++ = weighted_sum(in + std::ptrdiff_t{3} * span.first + channel, 3, span.count, kernel.of(span));
    }
  }
}

void blend_rows(const std::uint8_t* in, std::size_t stride, int rows, const WeightGroup* weights, std::size_t width,
                std::uint8_t* out) {
  for (std::size_t x = 0; x < width; ++x) out[x] = weighted_sum(in + x, stride, rows, weights);
}

}  // namespace

ResizeSpan span_of(const ResizeAxis& axis, int place) {
  const double support = (axis.interpolation == Interpolation::bicubic ? 2.0 : 1.0) * stretch_of(axis);
  const double centre = centre_of(axis, place);
  // As Pillow rounds. NOLINTNEXTLINE(bugprone-incorrect-roundings)
  const int first = std::max(0, static_cast<int>(centre - support + 0.5));
  // NOLINTNEXTLINE(bugprone-incorrect-roundings)
  return {first, std::min(axis.in, static_cast<int>(centre + support + 0.5)) - first};
}

void ResizeKernel::set(const ResizeAxis& axis, int first, int count, bool mirrored) {
  const bool bicubic = axis.interpolation == Interpolation::bicubic;
  const double narrowing = 1 / stretch_of(axis);
  spans.clear();
  weights.clear();
  for (int i = 0; i < count; ++i) {
    const int place = mirrored ? first + count - 1 - i : first + i;
    ResizeSpan span = span_of(axis, place);
    span.weights = static_cast<std::uint32_t>(weights.size());
    const double centre = centre_of(axis, place);
    exact.clear();
    double sum = 0;
    for (int at = span.first; at < span.end(); ++at) {
      const double x = (at - centre + 0.5) * narrowing;
      exact.push_back(bicubic ? cubic(x) : triangle(x));
      sum += exact.back();
    }
    spans.push_back(span);
    for (std::size_t k = 0; k < exact.size(); ++k) {
      const double scaled = exact[k] / sum * (1 << kResizePlaces);
      const auto weight = static_cast<std::int32_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
      if (k % 4 == 0) weights.emplace_back();
      weights.back().low[k % 4] = static_cast<std::int16_t>(weight & 255);
      weights.back().high[k % 4] = static_cast<std::int16_t>(weight >> 8);
    }
  }
}

const ResizeCode* plain_resize() {
  static const ResizeCode code{resize_rows, blend_rows};
  return &code;
}

const ResizeCode& resize_code() {
  static const ResizeCode* const fastest = avx2_resize() != nullptr ? avx2_resize() : plain_resize();
  return *fastest;
}

}  // namespace torchport::datasets
