// How the loops of this folder read and write float32 and bfloat16: all arithmetic is in float32.
#pragma once
#include <bit>
#include <cstdint>

#include <c10/util/BFloat16.h>

namespace torchport::models::kernels {

[[gnu::always_inline]] inline float load(const float* p) { return *p; }
[[gnu::always_inline]] inline float load(const c10::BFloat16* p) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(p->x) << 16);
}

[[gnu::always_inline]] inline void store(float* p, float value) { *p = value; }
/// Rounds to nearest, ties to even, as torch does; a NaN stays one.
[[gnu::always_inline]] inline void store(c10::BFloat16* p, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  p->x = static_cast<std::uint16_t>((bits & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : rounded);
}

}  // namespace torchport::models::kernels
