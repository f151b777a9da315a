#include "component/evaluation/confusion_png.h"

#include <cmath>

#include "datasets/codecs/png.h"

namespace torchport::component {
namespace {

constexpr std::size_t kSide = 512;  ///< pixels, at least, where a cell can have several
using Colour = std::array<double, 3>;
constexpr Colour kRight = {0x1f, 0x6f, 0xb4}, kWrong = {0xd9, 0x54, 0x1e};

std::array<std::uint8_t, 3> shaded(const Colour& full, double share) {
  std::array<std::uint8_t, 3> colour{};
  for (std::size_t i = 0; i < 3; ++i) colour[i] = static_cast<std::uint8_t>(std::lround(255 + share * (full[i] - 255)));
  return colour;
}

}  // namespace

std::string confusion_png(const Evaluation& evaluation) {
  const std::size_t count = evaluation.categories.size(), cell = std::max<std::size_t>(1, kSide / count), side = cell * count;
  std::vector<std::uint8_t> pixels;
  pixels.reserve(3 * side * side);
  for (std::size_t truth = 0; truth < count; ++truth) {
    const auto support = static_cast<double>(std::max<std::int64_t>(1, evaluation.categories[truth].support));
    const std::size_t row = pixels.size();
    for (std::size_t predicted = 0; predicted < count; ++predicted) {
      const auto colour =
          shaded(truth == predicted ? kRight : kWrong, static_cast<double>(evaluation.matrix[truth][predicted]) / support);
      for (std::size_t i = 0; i < cell; ++i) pixels.insert(pixels.end(), colour.begin(), colour.end());
    }
    for (std::size_t i = 1; i < cell; ++i) {
      pixels.resize(pixels.size() + 3 * side);
      std::copy_n(pixels.begin() + static_cast<std::ptrdiff_t>(row), 3 * side,
                  pixels.end() - static_cast<std::ptrdiff_t>(3 * side));
    }
  }
  return datasets::encode_png(pixels, static_cast<int>(side), static_cast<int>(side), 3);
}

}  // namespace torchport::component
