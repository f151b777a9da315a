#include "datasets/pixels/place.h"

namespace torchport::datasets {
namespace {

/// The place of a row of `count` pixels that the place `at`, perhaps outside of it, shows.
int shown(int at, int count, BorderMode mode) {
  if (mode == BorderMode::edge) return std::clamp(at, 0, count - 1);
  const int period = mode == BorderMode::reflect ? std::max(1, 2 * (count - 1)) : 2 * count;
  const int place = (at % period + period) % period;
  if (place < count) return place;
  return mode == BorderMode::reflect ? period - place : period - 1 - place;
}

}  // namespace

void copy_rows(const std::uint8_t* rows, std::size_t stride, Pixels& out) {
  for (int y = 0; y < out.height; ++y)
    std::memcpy(out.rgb.data() + out.at(y, 0), rows + static_cast<std::size_t>(y) * stride, out.stride());
}

Pixels cropped(const Pixels& in, const Box& box) {
  Pixels out;
  out.reset({box.height, box.width});
  copy_rows(in.rgb.data() + in.at(box.top, box.left), in.stride(), out);
  return out;
}

Pixels padded(const Pixels& in, const Border& border, BorderMode mode, Rgb fill) {
  Pixels out;
  out.reset({in.height + border.top + border.bottom, in.width + border.left + border.right});
  for (int y = 0; y < out.height; ++y) {
    std::uint8_t* target = out.rgb.data() + out.at(y, 0);
    const int row = y - border.top;
    const bool beside = row < 0 || row >= in.height;
    for (int x = 0; x < out.width; ++x, target += 3) {
      const int column = x - border.left;
      if (mode == BorderMode::constant && (beside || column < 0 || column >= in.width)) {
        std::memcpy(target, fill.data(), 3);
      } else {
        std::memcpy(target, in.rgb.data() + in.at(shown(row, in.height, mode), shown(column, in.width, mode)), 3);
      }
    }
  }
  return out;
}

void flip_vertically(Pixels& image) {
  for (int top = 0, bottom = image.height - 1; top < bottom; ++top, --bottom) {
    std::uint8_t* row = image.rgb.data() + image.at(top, 0);
    std::swap_ranges(row, row + image.stride(), image.rgb.data() + image.at(bottom, 0));
  }
}

}  // namespace torchport::datasets
