#include "datasets/pixels/resize.h"

#include <cmath>

namespace torchport::datasets {
namespace {

// Pillow's arithmetic (Resample.c): weights are integers of so many binary places, which leaves two bits for overshoot, and the
// result of the horizontal pass is rounded to bytes before the vertical one.
constexpr int kPlaces = 32 - 8 - 2;

double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

/// Keys' cubic with a = -0.5.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/// For each place of a resized row: which places of the source it is made of, and their weights.
struct Kernel {
  struct Span {
    int first, count;
    std::size_t weights;  // where they begin
  };
  std::vector<Span> spans;
  std::vector<std::int32_t> weights;
};

Kernel kernel(int in, int out, Interpolation interpolation) {
  const bool bicubic = interpolation == Interpolation::bicubic;
  const double scale = static_cast<double>(in) / out;
  const double stretch = std::max(scale, 1.0);  // antialiasing: where an image shrinks, the filter grows
  const double support = (bicubic ? 2.0 : 1.0) * stretch;
  Kernel made;
  std::vector<double> exact;
  for (int place = 0; place < out; ++place) {
    const double centre = (place + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(centre - support + 0.5));
    const int end = std::min(in, static_cast<int>(centre + support + 0.5));
    exact.clear();
    double sum = 0;
    for (int i = first; i < end; ++i) {
      const double x = (i - centre + 0.5) * (1 / stretch);
      exact.push_back(bicubic ? cubic(x) : triangle(x));
      sum += exact.back();
    }
    made.spans.push_back({first, end - first, made.weights.size()});
    for (const double weight : exact) {
      made.weights.push_back(static_cast<std::int32_t>(std::lround(weight / sum * (1 << kPlaces))));
    }
  }
  return made;
}

std::uint8_t to_byte(std::int32_t sum) { return static_cast<std::uint8_t>(std::clamp(sum >> kPlaces, 0, 255)); }

constexpr std::int32_t kHalf = 1 << (kPlaces - 1);

/// One row: `in` and `out` begin at their first pixel.
void resize_row(const std::uint8_t* in, const Kernel& kernel, std::uint8_t* out) {
  for (const Kernel::Span& span : kernel.spans) {
    const std::int32_t* weight = kernel.weights.data() + span.weights;
    const std::uint8_t* pixel = in + 3 * span.first;
    std::int32_t red = kHalf, green = kHalf, blue = kHalf;
    for (int i = 0; i < span.count; ++i, pixel += 3) {
      red += weight[i] * pixel[0];
      green += weight[i] * pixel[1];
      blue += weight[i] * pixel[2];
    }
    *out++ = to_byte(red);
    *out++ = to_byte(green);
    *out++ = to_byte(blue);
  }
}

/// One row of the vertical pass, out of those rows of `in` that `span` names.
void blend_rows(const std::uint8_t* in, std::size_t stride, const Kernel::Span& span, const std::int32_t* weights,
                std::vector<std::int32_t>& sums, std::uint8_t* out) {
  std::fill(sums.begin(), sums.end(), kHalf);
  for (int i = 0; i < span.count; ++i) {
    const std::uint8_t* row = in + static_cast<std::size_t>(span.first + i) * stride;
    const std::int32_t weight = weights[i];
    for (std::size_t x = 0; x < sums.size(); ++x) sums[x] += weight * row[x];
  }
  for (std::size_t x = 0; x < sums.size(); ++x) out[x] = to_byte(sums[x]);
}

}  // namespace

Pixels resized(const Pixels& in, const Box& box, ImageSize size, Interpolation interpolation) {
  Pixels narrow, out;
  const std::uint8_t* rows = in.rgb.data() + in.at(box.top, box.left);
  std::size_t stride = in.stride();
  if (size.width != box.width) {
    const Kernel across = kernel(box.width, size.width, interpolation);
    narrow.reset({box.height, size.width});
    for (int y = 0; y < box.height; ++y) {
      resize_row(rows + static_cast<std::size_t>(y) * stride, across, narrow.rgb.data() + narrow.at(y, 0));
    }
    if (size.height == box.height) return narrow;
    rows = narrow.rgb.data();
    stride = narrow.stride();
  }
  out.reset(size);
  if (size.height == box.height) {
    copy_rows(rows, stride, out);
    return out;
  }
  const Kernel down = kernel(box.height, size.height, interpolation);
  std::vector<std::int32_t> sums(out.stride());
  for (int y = 0; y < size.height; ++y) {
    const Kernel::Span& span = down.spans[static_cast<std::size_t>(y)];
    blend_rows(rows, stride, span, down.weights.data() + span.weights, sums, out.rgb.data() + out.at(y, 0));
  }
  return out;
}

}  // namespace torchport::datasets
