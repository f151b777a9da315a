#include "models/nn/convolution.h"

#include <torch/torch.h>

#include <atomic>

#include "models/nn/cpu/winograd.h"

namespace torchport::models {
namespace {

// Of the process, because a backward pass runs parts of a network again on threads of its own.
std::atomic<Convolution> chosen{Convolution::winograd};

}  // namespace

torch::nn::Conv2d convolution(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride, std::int64_t groups) {
  using Options = torch::nn::Conv2dOptions;
  return torch::nn::Conv2d(Options(in, out, kernel).stride(stride).padding(kernel / 2).groups(groups).bias(false));
}

Convolution convolution_named(std::string_view name) { return name == "direct" ? Convolution::direct : Convolution::winograd; }

void use_convolution(Convolution way) { chosen = way; }

at::Tensor convolve(torch::nn::Conv2d& convolution, const at::Tensor& x) {
  if (chosen == Convolution::winograd && can_use_winograd(convolution, x)) return winograd_convolution(convolution, x);
  return convolution->forward(x);
}

}  // namespace torchport::models
