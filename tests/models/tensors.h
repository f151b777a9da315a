// What the tests of layers do with tensors.
#pragma once
#include <ATen/ATen.h>

namespace torchport::models_test {

/// A copy, because a contiguous map of 1 x 1 counts as channels-last already.
inline at::Tensor channels_last(const at::Tensor& x) {
  return at::empty(x.sizes(), x.options().requires_grad(false).memory_format(at::MemoryFormat::ChannelsLast)).copy_(x.detach());
}

/// The largest difference, relative to the largest value wanted, or to `least` where all of them are smaller.
inline double error(const at::Tensor& found, const at::Tensor& wanted, double least = 0) {
  const at::Tensor truth = wanted.to(at::kDouble);
  return ((found.to(at::kDouble) - truth).abs().max() / truth.abs().max().clamp_min(least)).item<double>();
}

}  // namespace torchport::models_test
