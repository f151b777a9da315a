// Winograd's transforms of one tile, y = M x M^T, of adjacent channels at once; the matrices are those of winograd_loops.h's
// points.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#include "models/nn/cpu/kernels/winograd_loops.h"

namespace torchport::models::kernels {

/// Adjacent channels; the compiler turns it into the registers that the instruction set has.
using Lanes [[gnu::vector_size(kWinogradLanes * sizeof(float))]] = float;

template <std::size_t kRows, std::size_t kColumns>
using Matrix = std::array<std::array<float, kColumns>, kRows>;

template <std::size_t kRows, std::size_t kColumns>
constexpr Matrix<kColumns, kRows> transposed(const Matrix<kRows, kColumns>& m) {
  Matrix<kColumns, kRows> result{};
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t j = 0; j < kColumns; ++j) result[j][i] = m[i][j];
  }
  return result;
}

/// A filter of three taps g over six values d gives four: kOutput ((kFilter g) * (kInput d)), by the Toom-Cook construction.
inline constexpr Matrix<6, 6> kInput = {{{1, -1.5F, -2, 1.5F, 1, 0},
                                         {0, -1, 0.5F, 2.5F, 1, 0},
                                         {0, 1, -2.5F, 0.5F, 1, 0},
                                         {0, -2, -1, 2, 1, 0},
                                         {0, 0.5F, -1, -0.5F, 1, 0},
                                         {0, 1, -1.5F, -2, 1.5F, 1}}};
inline constexpr Matrix<6, 3> kFilter = {{{1, 0, 0},
                                          {1 / 3.F, 1 / 3.F, 1 / 3.F},
                                          {-1 / 3.F, 1 / 3.F, -1 / 3.F},
                                          {-16 / 15.F, -8 / 15.F, -4 / 15.F},
                                          {1 / 15.F, -2 / 15.F, 4 / 15.F},
                                          {0, 0, 1}}};
inline constexpr Matrix<4, 6> kOutput = {
    {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 0.5F, -2, 0}, {0, 1, 1, 0.25F, 4, 0}, {0, 1, -1, 0.125F, -8, 1}}};
inline constexpr Matrix<6, 4> kGradient = transposed(kOutput);
inline constexpr Matrix<3, 6> kFilterGradient = transposed(kFilter);

[[gnu::always_inline]] inline void load(const float* from, Lanes& to) { std::memcpy(&to, from, sizeof to); }
[[gnu::always_inline]] inline void store(const Lanes& from, float* to) { std::memcpy(to, &from, sizeof from); }

/// A row of the matrix times values that lie `step` apart; zeros cost nothing.
template <const auto& kMatrix, std::size_t kRow, std::size_t... kColumn>
[[gnu::always_inline]] inline void combine(const Lanes* values, std::size_t step, Lanes& result, std::index_sequence<kColumn...>) {
  constexpr std::size_t kFirst = kMatrix[kRow][0] != 0 ? 0 : kMatrix[kRow][1] != 0 ? 1 : 2;
  result = kMatrix[kRow][kFirst] * values[kFirst * step];
  const auto add = [&]<std::size_t kAt>(std::integral_constant<std::size_t, kAt>) __attribute__((always_inline)) {
    if constexpr (kAt > kFirst && kMatrix[kRow][kAt] != 0) result += kMatrix[kRow][kAt] * values[kAt * step];
  };
  (add(std::integral_constant<std::size_t, kColumn>{}), ...);
}

/// y = M x M^T of a square x.
template <const auto& kMatrix, std::size_t... kRow>
[[gnu::always_inline]] inline void transform(const Lanes* x, Lanes* y, std::index_sequence<kRow...>) {
  constexpr std::size_t kRows = kMatrix.size(), kColumns = kMatrix[0].size();
  constexpr std::make_index_sequence<kColumns> kAll;
  Lanes half[kRows * kColumns];
  for (std::size_t j = 0; j < kColumns; ++j) (combine<kMatrix, kRow>(x + j, kColumns, half[kRow * kColumns + j], kAll), ...);
  for (std::size_t i = 0; i < kRows; ++i) (combine<kMatrix, kRow>(half + i * kColumns, 1, y[i * kRows + kRow], kAll), ...);
}
template <const auto& kMatrix>
[[gnu::always_inline]] inline void transform(const Lanes* x, Lanes* y) {
  transform<kMatrix>(x, y, std::make_index_sequence<kMatrix.size()>{});
}

}  // namespace torchport::models::kernels
