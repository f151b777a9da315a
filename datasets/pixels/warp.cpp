#include "datasets/pixels/warp.h"

#include <cmath>
#include <cstdio>
#include <numbers>

namespace torchport::datasets {
namespace {

constexpr double kFixed = 65536;  // Pillow steps through an affine map in integers of 16 binary places

Pixels filled(ImageSize size, Rgb fill) {
  Pixels out;
  out.reset(size);
  for (std::size_t i = 0; i < out.rgb.size(); i += 3) std::memcpy(out.rgb.data() + i, fill.data(), 3);
  return out;
}

/// Of two neighbours in each direction; truncated, as Pillow does it. Beyond the last row or column the edge counts again.
void sample_bilinear(const Pixels& in, double x, double y, std::uint8_t* out) {
  x -= 0.5;
  y -= 0.5;
  const double left = std::floor(x), top = std::floor(y), right_share = x - left, bottom_share = y - top;
  const int x0 = std::max(0, static_cast<int>(left)), x1 = std::min(in.width - 1, static_cast<int>(left) + 1);
  const int y0 = std::max(0, static_cast<int>(top)), y1 = std::min(in.height - 1, static_cast<int>(top) + 1);
  for (std::size_t c = 0; c < 3; ++c) {
    const auto mixed = [&](int row) {
      return in.rgb[in.at(row, x0) + c] * (1.0 - right_share) + in.rgb[in.at(row, x1) + c] * right_share;
    };
    out[c] = static_cast<std::uint8_t>(mixed(y0) * (1.0 - bottom_share) + mixed(y1) * bottom_share);
  }
}

/// `map` takes the centre of an output pixel to a place in the input.
template <class Map>
Pixels sampled(const Pixels& in, Interpolation interpolation, Rgb fill, Map map) {
  Pixels out = filled(in.size(), fill);
  std::uint8_t* target = out.rgb.data();
  for (int row = 0; row < out.height; ++row) {
    for (int column = 0; column < out.width; ++column, target += 3) {
      const auto [x, y] = map(column + 0.5, row + 0.5);
      if (!(x >= 0 && x < in.width && y >= 0 && y < in.height)) continue;  // not a number lies outside, too
      if (interpolation == Interpolation::bilinear) {
        sample_bilinear(in, x, y, target);
      } else {
        std::memcpy(target, in.rgb.data() + in.at(static_cast<int>(y), static_cast<int>(x)), 3);
      }
    }
  }
  return out;
}

std::int64_t fixed(double value) { return static_cast<std::int64_t>(std::floor(value * kFixed + 0.5)); }

/// Whether all of the map's values fit into the integers that Pillow steps in.
bool fits_fixed(const Pixels& in, const AffineMatrix& m) {
  for (const double x : {0, in.width}) {
    for (const double y : {0, in.height}) {
      if (!(std::abs(m[0] * x + m[1] * y + m[2]) < 32768 && std::abs(m[3] * x + m[4] * y + m[5]) < 32768)) return false;
    }
  }
  return true;
}

/// Rounded coefficients are added up from pixel to pixel, which decides for the nearest of two pixels where it is close.
Pixels nearest_in_steps(const Pixels& in, const AffineMatrix& m, Rgb fill) {
  Pixels out = filled(in.size(), fill);
  std::int64_t row_x = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5), row_y = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
  const std::int64_t right_x = fixed(m[0]), right_y = fixed(m[3]), down_x = fixed(m[1]), down_y = fixed(m[4]);
  std::uint8_t* target = out.rgb.data();
  for (int row = 0; row < out.height; ++row, row_x += down_x, row_y += down_y) {
    std::int64_t x = row_x, y = row_y;
    for (int column = 0; column < out.width; ++column, target += 3, x += right_x, y += right_y) {
      const std::int64_t from_x = x >> 16, from_y = y >> 16;
      if (from_x < 0 || from_x >= in.width || from_y < 0 || from_y >= in.height) continue;
      std::memcpy(target, in.rgb.data() + in.at(static_cast<int>(from_y), static_cast<int>(from_x)), 3);
    }
  }
  return out;
}

/// The places of a row of `in` pixels that `out` pixels show, -1 for outside; added up from pixel to pixel, as Pillow does it.
std::vector<int> steps(double at, double step, int in, int out) {
  std::vector<int> places;
  for (int i = 0; i < out; ++i, at += step) places.push_back(at >= 0 && at < in ? static_cast<int>(at) : -1);
  return places;
}

/// For maps that only scale and shift.
Pixels nearest_in_table(const Pixels& in, const AffineMatrix& m, Rgb fill) {
  Pixels out = filled(in.size(), fill);
  const std::vector<int> columns = steps(m[2] + m[0] * 0.5, m[0], in.width, out.width);
  const std::vector<int> rows = steps(m[5] + m[4] * 0.5, m[4], in.height, out.height);
  std::uint8_t* target = out.rgb.data();
  for (const int row : rows) {
    for (const int column : columns) {
      if (row >= 0 && column >= 0) std::memcpy(target, in.rgb.data() + in.at(row, column), 3);
      target += 3;
    }
  }
  return out;
}

/// To 15 decimal places, as Pillow rounds the sine and cosine of a rotation: those of quarter turns become exact.
double rounded(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.15f", value);
  double result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

Pixels quarter_turn(const Pixels& in) {  // against the clock
  Pixels out;
  out.reset({in.width, in.height});
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) std::memcpy(out.rgb.data() + out.at(y, x), in.rgb.data() + in.at(x, out.height - 1 - y), 3);
  }
  return out;
}

}  // namespace

Pixels warped(const Pixels& in, const AffineMatrix& m, Interpolation interpolation, Rgb fill) {
  if (interpolation == Interpolation::nearest) {
    if (m[1] == 0 && m[3] == 0) return nearest_in_table(in, m, fill);
    if (fits_fixed(in, m)) return nearest_in_steps(in, m, fill);
  }
  return sampled(in, interpolation, fill,
                 [&m](double x, double y) { return std::pair(m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]); });
}

Pixels warped(const Pixels& in, const PerspectiveMatrix& m, Interpolation interpolation, Rgb fill) {
  return sampled(in, interpolation, fill, [&m](double x, double y) {
    const double w = m[6] * x + m[7] * y + 1;
    return std::pair((m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w);
  });
}

Pixels rotated(const Pixels& in, double degrees, const std::array<double, 2>* centre, Interpolation interpolation, Rgb fill) {
  degrees = std::fmod(std::fmod(degrees, 360.0) + 360.0, 360.0);
  if (!centre) {
    if (degrees == 0) return in;
    if (degrees == 180 || (in.width == in.height && (degrees == 90 || degrees == 270))) {
      Pixels turned = in;
      for (double done = 0; done < degrees; done += 90) turned = quarter_turn(turned);
      return turned;
    }
  }
  const double radians = -degrees * std::numbers::pi / 180, cosine = rounded(std::cos(radians)), sine = rounded(std::sin(radians));
  const double x = centre ? (*centre)[0] : in.width / 2.0, y = centre ? (*centre)[1] : in.height / 2.0;
  const AffineMatrix matrix = {cosine, sine, cosine * -x + sine * -y + x, -sine, cosine, -sine * -x + cosine * -y + y};
  return warped(in, matrix, interpolation, fill);
}

std::optional<PerspectiveMatrix> perspective_matrix(const std::array<std::array<int, 2>, 4>& from,
                                                    const std::array<std::array<int, 2>, 4>& to) {
  std::array<std::array<double, 9>, 8> rows{};  // eight linear equations and their right side
  for (std::size_t k = 0; k < 4; ++k) {
    const double x = to[k][0], y = to[k][1], u = from[k][0], v = from[k][1];
    rows[2 * k] = {x, y, 1, 0, 0, 0, -u * x, -u * y, u};
    rows[2 * k + 1] = {0, 0, 0, x, y, 1, -v * x, -v * y, v};
  }
  for (std::size_t k = 0; k < 8; ++k) {  // Gauss and Jordan, with the largest pivot of each column
    const auto pivot = std::max_element(rows.begin() + static_cast<std::ptrdiff_t>(k), rows.end(),
                                        [k](const auto& a, const auto& b) { return std::abs(a[k]) < std::abs(b[k]); });
    if (std::abs((*pivot)[k]) < 1e-9) return std::nullopt;
    std::swap(rows[k], *pivot);
    for (std::size_t r = 0; r < 8; ++r) {
      if (r == k) continue;
      const double share = rows[r][k] / rows[k][k];
      for (std::size_t c = k; c < 9; ++c) rows[r][c] -= share * rows[k][c];
    }
  }
  PerspectiveMatrix matrix;
  for (std::size_t k = 0; k < 8; ++k) matrix[k] = static_cast<float>(rows[k][8] / rows[k][k]);
  return matrix;
}

}  // namespace torchport::datasets
