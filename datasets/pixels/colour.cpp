#include "datasets/pixels/colour.h"

#include <cmath>

namespace torchport::datasets {
namespace {

unsigned luma(const std::uint8_t* rgb) { return (rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16; }

/// `from` + factor (`to` - `from`), truncated: Pillow's blend, which computes in float32.
std::uint8_t blend(unsigned from, std::uint8_t to, float factor) {
  const float value = static_cast<float>(from) + factor * static_cast<float>(static_cast<int>(to) - static_cast<int>(from));
  return static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F));
}

/// Hue, saturation and value as bytes, Pillow's convert('HSV'): float32, truncated.
std::array<std::uint8_t, 3> hsv_of(const std::uint8_t* rgb) {
  const int highest = std::max({rgb[0], rgb[1], rgb[2]}), lowest = std::min({rgb[0], rgb[1], rgb[2]});
  if (highest == lowest) return {0, 0, static_cast<std::uint8_t>(highest)};
  const auto spread = static_cast<float>(highest - lowest);
  const auto distance = [&](int c) { return static_cast<float>(highest - rgb[c]) / spread; };
  const float red = distance(0), green = distance(1), blue = distance(2);
  float hue = 0;
  if (rgb[0] == highest) {
    hue = blue - green;
  } else if (rgb[1] == highest) {
    hue = static_cast<float>(2.0 + red - blue);
  } else {
    hue = static_cast<float>(4.0 + green - red);
  }
  hue = static_cast<float>(std::fmod(hue / 6.0 + 1.0, 1.0));
  const float saturation = spread / static_cast<float>(highest);
  return {static_cast<std::uint8_t>(hue * 255.0), static_cast<std::uint8_t>(saturation * 255.0),
          static_cast<std::uint8_t>(highest)};
}

void rgb_of(const std::array<std::uint8_t, 3>& hsv, std::uint8_t* rgb) {
  const std::uint8_t v = hsv[2];
  if (hsv[1] == 0) {
    rgb[0] = rgb[1] = rgb[2] = v;
    return;
  }
  const double sixths = static_cast<float>(hsv[0]) * 6.0 / 255.0;
  const int sector = static_cast<int>(std::floor(sixths));
  const auto part = static_cast<float>(sixths - sector), saturation = static_cast<float>(hsv[1] / 255.0F);
  const auto scaled = [v](double share) { return static_cast<std::uint8_t>(std::clamp(std::round(v * share), 0.0, 255.0)); };
  const std::uint8_t low = scaled(1.0 - saturation), falling = scaled(1.0 - saturation * part),
                     rising = scaled(1.0 - saturation * (1.0 - part));
  const std::array<std::array<std::uint8_t, 3>, 6> sectors = {
      {{v, rising, low}, {falling, v, low}, {low, v, rising}, {low, falling, v}, {rising, low, v}, {v, low, falling}}};
  std::copy_n(sectors[static_cast<std::size_t>(sector % 6)].begin(), 3, rgb);
}

/// Calls `change` with the bytes of each pixel.
template <class Change>
void each_pixel(Pixels& image, Change change) {
  for (std::size_t i = 0; i < image.rgb.size(); i += 3) change(image.rgb.data() + i);
}

}  // namespace

void to_grey(Pixels& image) {
  each_pixel(image, [](std::uint8_t* rgb) { rgb[0] = rgb[1] = rgb[2] = static_cast<std::uint8_t>(luma(rgb)); });
}

void adjust_brightness(Pixels& image, double factor) {
  for (std::uint8_t& value : image.rgb) value = blend(0, value, static_cast<float>(factor));
}

void adjust_contrast(Pixels& image, double factor) {
  std::uint64_t sum = 0;
  each_pixel(image, [&](const std::uint8_t* rgb) { sum += luma(rgb); });
  const auto mean = static_cast<unsigned>(static_cast<double>(sum) / static_cast<double>(image.rgb.size() / 3) + 0.5);
  for (std::uint8_t& value : image.rgb) value = blend(mean, value, static_cast<float>(factor));
}

void adjust_saturation(Pixels& image, double factor) {
  each_pixel(image, [&](std::uint8_t* rgb) {
    const unsigned grey = luma(rgb);
    for (int c = 0; c < 3; ++c) rgb[c] = blend(grey, rgb[c], static_cast<float>(factor));
  });
}

void adjust_hue(Pixels& image, double shift) {
  const auto steps = static_cast<std::uint8_t>(static_cast<int>(shift * 255));  // towards zero, then around the circle
  each_pixel(image, [&](std::uint8_t* rgb) {
    auto hsv = hsv_of(rgb);
    hsv[0] = static_cast<std::uint8_t>(hsv[0] + steps);
    rgb_of(hsv, rgb);
  });
}

}  // namespace torchport::datasets
