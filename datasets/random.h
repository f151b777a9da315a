// Random numbers as a function of where they are used, so that they depend neither on threads nor on what was drawn before.
// Used by the sampler and by the random operations of datasets/transforms/operations/.
#pragma once
#include <cstdint>
#include <initializer_list>

namespace torchport::datasets {

/// SplitMix64's step (Steele et al., OOPSLA 2014): spreads a counter over all 64 bits.
inline std::uint64_t spread(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// Uniform in [0, bound): std::uniform_int_distribution differs between standard libraries. `random` gives all of 64 bits.
template <class Generator>
std::uint64_t below(Generator& random, std::uint64_t bound) {
  const std::uint64_t rest = (0 - bound) % bound;  // 2^64 mod bound: values below it would favour some results
  for (;;) {
    const std::uint64_t value = random();
    if (value >= rest) return value % bound;
  }
}

/// SplitMix64 from a key such as {seed, epoch, image, operation}: its n-th number is a function of the key and n.
class RandomStream {
 public:
  explicit RandomStream(std::initializer_list<std::uint64_t> key) {
    for (const std::uint64_t part : key) state_ = spread(state_ + part);
  }
  std::uint64_t operator()() {
    const std::uint64_t value = spread(state_);
    state_ += 0x9e3779b97f4a7c15ULL;
    return value;
  }
  /// In [low, high), or `low` where they are equal.
  double uniform(double low, double high) { return low + (high - low) * (static_cast<double>((*this)() >> 11) * 0x1p-53); }
  /// In [low, high], both included.
  int integer(int low, int high) { return low + static_cast<int>(below(*this, static_cast<std::uint64_t>(high - low) + 1)); }
  bool chance(double probability) { return uniform(0, 1) < probability; }

 private:
  std::uint64_t state_ = 0;
};

}  // namespace torchport::datasets
