// What random layers draw by: while a scope is alive, this thread's dropout is a function of its key, and not of torch's generator.
// The trainer opens one around each forward pass; recompute.cpp opens one again where a part of that pass runs a second time.
#pragma once
#include <cstdint>

#include <ATen/core/Tensor.h>

namespace torchport::models {

/// The key of one step, as a 64-bit integer without dimensions. A tensor, so that it may lie on a device and change there.
at::Tensor random_key(std::int64_t seed, std::int64_t epoch, std::int64_t step, std::int64_t rank);

class RandomKeyScope {
 public:
  explicit RandomKeyScope(at::Tensor key);
  ~RandomKeyScope();
  RandomKeyScope(const RandomKeyScope&) = delete;
  RandomKeyScope& operator=(const RandomKeyScope&) = delete;

  /// The innermost scope's key; undefined where this thread has none.
  static const at::Tensor& current();

 private:
  at::Tensor outer_;
};

/// float32 numbers in [0, 1), a function of the key in force, `place` (which layer draws) and their index: the same whatever the
/// threads, and when drawn again. \throws std::logic_error without a scope
at::Tensor keyed_uniform(at::IntArrayRef shape, std::int64_t place, at::Device device);

}  // namespace torchport::models
