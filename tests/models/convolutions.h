// What the tests of convolutions have in common.
#pragma once
#include <torch/torch.h>

#include "models/nn/convolution.h"
#include "tests/models/tensors.h"

namespace torchport::models_test {

inline at::Tensor noise(at::IntArrayRef sizes) { return channels_last(torch::randn(sizes)); }

/// One of the networks' convolutions, with weights in channels-last as the trainer lays them.
inline torch::nn::Conv2d convolution(std::int64_t in, std::int64_t out, std::int64_t kernel = 3, std::int64_t stride = 1,
                                     std::int64_t groups = 1) {
  auto result = models::convolution(in, out, kernel, stride, groups);
  result->weight.set_data(channels_last(result->weight));
  return result;
}

struct Results {
  at::Tensor y, x_gradient, weight_gradient;
};

/// What `convolve(input)` gives, and the gradients for `gradient` of its output.
template <class Convolve>
Results results(const torch::nn::Conv2d& convolution, const at::Tensor& x, const at::Tensor& gradient, Convolve&& convolve) {
  const at::Tensor input = x.detach().requires_grad_(true);
  const at::Tensor y = convolve(input);
  const auto gradients = torch::autograd::grad({y}, {input, convolution->weight}, {gradient});
  return {y.detach(), gradients[0], gradients[1]};
}

/// The same by torch's direct convolution in float64.
inline Results direct_results(const torch::nn::Conv2d& convolution, const at::Tensor& x, const at::Tensor& gradient) {
  return results(convolution, x.to(at::kDouble), gradient.to(at::kDouble), [&](const at::Tensor& input) {
    const auto& o = convolution->options;
    const at::Tensor& weight = convolution->weight;
    return at::conv2d(input, weight.to(at::kDouble), {}, *o.stride(), weight.size(2) / 2, 1, o.groups());
  });
}

}  // namespace torchport::models_test
