// The convolutions of the networks. Called by models/architectures/, and by the components that choose how they are computed.
#pragma once
#include <cstdint>
#include <string_view>

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

namespace torchport::models {

/// A convolution without bias, padded so that a stride of 1 keeps height and width; weights [out, in / groups, kernel, kernel].
torch::nn::Conv2d convolution(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride = 1,
                              std::int64_t groups = 1);

/// How convolve() goes about it: `winograd` where can_use_winograd (cpu/winograd.h) says so and directly elsewhere, or always
/// `direct`.
enum class Convolution { winograd, direct };
/// The spec's choices "winograd" and "direct".
Convolution convolution_named(std::string_view name);

/// The way of all networks of this process, winograd until it is set. To be called before the first forward pass.
void use_convolution(Convolution way);

/// What the convolution gives for x.
at::Tensor convolve(torch::nn::Conv2d& convolution, const at::Tensor& x);

/// Convolution and batch norm, then relu(... + shortcut), nothing, or ReLU and the stem's max_pool2d(..., 3, 2, 1), as
/// norm_activation.h has them; in an InferenceScope in one pass, which may overwrite the shortcut.
at::Tensor convolve_norm_relu(torch::nn::Conv2d& convolution, torch::nn::BatchNorm2d& norm, const at::Tensor& x,
                              const at::Tensor& shortcut = {});
at::Tensor convolve_norm(torch::nn::Conv2d& convolution, torch::nn::BatchNorm2d& norm, const at::Tensor& x);
at::Tensor convolve_norm_relu_max_pool(torch::nn::Conv2d& convolution, torch::nn::BatchNorm2d& norm, const at::Tensor& x);

}  // namespace torchport::models
