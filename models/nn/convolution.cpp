#include "models/nn/convolution.h"

#include <torch/torch.h>

#include <atomic>

#include "models/nn/cpu/winograd.h"
#include "models/nn/inference.h"
#include "models/nn/norm_activation.h"

namespace torchport::models {
namespace {

// Of the process, because a backward pass runs parts of a network again on threads of its own.
std::atomic<Convolution> chosen{Convolution::winograd};

bool goes_by_winograd(const torch::nn::Conv2d& convolution, const at::Tensor& x) {
  return chosen == Convolution::winograd && can_use_winograd(convolution, x);
}

// Winograd's products save more than a pass over their result costs.
const FoldedConvolution* folded(const torch::nn::Conv2d& convolution, const torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  return !InferenceScope::active() || goes_by_winograd(convolution, x) ? nullptr : InferenceScope::folded(convolution, &norm, x);
}

}  // namespace

torch::nn::Conv2d convolution(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride, std::int64_t groups) {
  using Options = torch::nn::Conv2dOptions;
  return torch::nn::Conv2d(Options(in, out, kernel).stride(stride).padding(kernel / 2).groups(groups).bias(false));
}

Convolution convolution_named(std::string_view name) { return name == "direct" ? Convolution::direct : Convolution::winograd; }

void use_convolution(Convolution way) { chosen = way; }

at::Tensor convolve(torch::nn::Conv2d& convolution, const at::Tensor& x) {
  if (goes_by_winograd(convolution, x)) return winograd_convolution(convolution, x);
  if (const auto* prepared = InferenceScope::folded(convolution, nullptr, x)) return (*prepared)(x, {});
  return convolution->forward(x);
}

at::Tensor convolve_norm_relu(torch::nn::Conv2d& convolution, torch::nn::BatchNorm2d& norm, const at::Tensor& x,
                              const at::Tensor& shortcut) {
  if (const auto* prepared = folded(convolution, norm, x)) return (*prepared)(x, {.relu = true, .shortcut = shortcut});
  return norm_relu(norm, convolve(convolution, x), shortcut);
}

at::Tensor convolve_norm(torch::nn::Conv2d& convolution, torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  if (const auto* prepared = folded(convolution, norm, x)) return (*prepared)(x, {});
  return norm_only(norm, convolve(convolution, x));
}

at::Tensor convolve_norm_relu_max_pool(torch::nn::Conv2d& convolution, torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  if (const auto* prepared = folded(convolution, norm, x)) return at::max_pool2d((*prepared)(x, {.relu = true}), 3, 2, 1);
  return norm_relu_max_pool(norm, convolve(convolution, x));
}

}  // namespace torchport::models
