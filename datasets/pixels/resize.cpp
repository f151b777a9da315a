#include "datasets/pixels/resize.h"

#include <algorithm>
#include <cmath>

namespace torchport::datasets {
namespace {

double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

/// Keys' cubic with a = -0.5.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

double scale_of(const ResizeAxis& axis) { return axis.extent / axis.out; }
/// Antialiasing: where an image shrinks, the filter grows.
double stretch_of(const ResizeAxis& axis) {
  const double scale = scale_of(axis);
  const double stretch = std::max(scale, 1.0);
  return stretch;
}
double centre_of(const ResizeAxis& axis, int place) { return axis.start + (place + 0.5) * scale_of(axis); }

std::uint8_t to_byte(std::int32_t sum) { return static_cast<std::uint8_t>(std::clamp(sum >> kResizePlaces, 0, 255)); }

}  // namespace

ResizeSpan span_of(const ResizeAxis& axis, int place) {
  const double support = (axis.interpolation == Interpolation::bicubic ? 2.0 : 1.0) * stretch_of(axis);
  const double centre = centre_of(axis, place);
  const int first = std::max(0, static_cast<int>(centre - support + 0.5));
  return {first, std::min(axis.in, static_cast<int>(centre + support + 0.5)) - first};
}

void ResizeKernel::set(const ResizeAxis& axis, int first, int count) {
  const bool bicubic = axis.interpolation == Interpolation::bicubic;
  const double narrowing = 1 / stretch_of(axis);
  spans.clear();
  weights.clear();
  packed.clear();
  for (int place = first; place < first + count; ++place) {
    const ResizeSpan span = span_of(axis, place);
    const double centre = centre_of(axis, place);
    exact.clear();
    double sum = 0;
    for (int i = span.first; i < span.end(); ++i) {
      const double x = (i - centre + 0.5) * narrowing;
      exact.push_back(bicubic ? cubic(x) : triangle(x));
      sum += exact.back();
    }
    spans.push_back(span);
    const std::size_t begin = weights.size();
    for (const double weight : exact) {
      const double scaled = weight / sum * (1 << kResizePlaces);
      weights.push_back(static_cast<std::int32_t>(scaled + (scaled < 0 ? -0.5 : 0.5)));
    }
    for (std::size_t i = begin; i < weights.size(); i += 4) {
      packed.resize(packed.size() + 8);  // zeros
      std::int16_t* four = packed.data() + packed.size() - 8;
      for (std::size_t k = 0; k < std::min<std::size_t>(4, weights.size() - i); ++k) {
        four[k] = static_cast<std::int16_t>(weights[i + k] & 255);
        four[k + 4] = static_cast<std::int16_t>(weights[i + k] >> 8);
      }
    }
  }
}

void resize_row_plainly(const std::uint8_t* in, const ResizeKernel& kernel, bool mirrored, std::uint8_t* out) {
  const std::int32_t* weight = kernel.weights.data();
  for (const ResizeSpan& span : kernel.spans) {
    const std::uint8_t* pixel = in + std::ptrdiff_t{3} * span.first;
    std::int32_t red = kResizeHalf, green = kResizeHalf, blue = kResizeHalf;
    for (int i = 0; i < span.count; ++i, pixel += 3, ++weight) {
      red += *weight * pixel[0];
      green += *weight * pixel[1];
      blue += *weight * pixel[2];
    }
    out[0] = to_byte(red);
    out[1] = to_byte(green);
    out[2] = to_byte(blue);
    out += mirrored ? -3 : 3;
  }
}

void blend_rows_plainly(const std::uint8_t* in, std::size_t stride, int rows, const std::int32_t* weights, std::size_t width,
                        std::uint8_t* out) {
  for (std::size_t x = 0; x < width; ++x) {
    std::int32_t sum = kResizeHalf;
    for (int i = 0; i < rows; ++i) sum += weights[i] * in[static_cast<std::size_t>(i) * stride + x];
    out[x] = to_byte(sum);
  }
}

}  // namespace torchport::datasets
