// What kernels read and write at once: 16 bytes, as float32 or bfloat16; all arithmetic is in float32. Compiled by nvcc for the
// device and by the host's compiler for the tests, hence C++17 and no header of CUDA or LibTorch.
#pragma once
#include <cstdint>
#include <cstring>

#ifdef __CUDACC__
#define TORCHPORT_ON_BOTH __host__ __device__ __forceinline__
#else
#define TORCHPORT_ON_BOTH inline
#endif

namespace torchport::models::gpu {

using Index = std::int64_t;

struct BFloat16 {
  std::uint16_t bits;
};

TORCHPORT_ON_BOTH float to_float(float value) { return value; }
TORCHPORT_ON_BOTH float to_float(BFloat16 value) {
  const std::uint32_t bits = static_cast<std::uint32_t>(value.bits) << 16;
  float result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

TORCHPORT_ON_BOTH void from_float(float value, float& result) { result = value; }
/// Rounds to nearest, ties to even, as torch does; a NaN stays one.
TORCHPORT_ON_BOTH void from_float(float value, BFloat16& result) {
  std::uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  const std::uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  result.bits = static_cast<std::uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc0u : rounded);
}

/// Neighbouring elements, at an address that 16 divides.
template <class T>
struct alignas(16) Pack {
  static constexpr int kSize = 16 / static_cast<int>(sizeof(T));
  T values[kSize];
};

template <class T>
TORCHPORT_ON_BOTH Pack<T> load(const T* from) {
  return *reinterpret_cast<const Pack<T>*>(from);
}
template <class T>
TORCHPORT_ON_BOTH void store(const Pack<T>& pack, T* to) {
  *reinterpret_cast<Pack<T>*>(to) = pack;
}

}  // namespace torchport::models::gpu
