#include "models/nn/convolution.h"

#include <ATen/CPUGeneratorImpl.h>
#include <torch/torch.h>

#include "models/nn/cpu/float_products.h"
#include "models/nn/cpu/winograd.h"

namespace torchport::models {
namespace {

// What `count` float draws of uniform_ do to torch's generator. A block of states is made at a draw, and then most of it is
// skipped.
void skip_draws(std::int64_t count) {
  auto* const generator = at::check_generator<at::CPUGeneratorImpl>(at::detail::getDefaultCPUGenerator());
  const std::lock_guard lock(generator->mutex_);
  at::mt19937 engine = generator->engine();
  while (count > 0) {
    engine();
    auto block = engine.data();
    const auto skipped = static_cast<int>(std::min<std::int64_t>(block.left_ - 1, count - 1));
    block.left_ -= skipped;
    block.next_ += static_cast<std::uint32_t>(skipped);
    engine.set_data(block);
    count -= skipped + 1;
  }
  generator->set_engine(engine);
}

}  // namespace

torch::nn::Conv2d convolution(Drawn drawn, std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                              std::int64_t groups) {
  using Options = torch::nn::Conv2dOptions;
  if (drawn == Drawn::all)
    return torch::nn::Conv2d(Options(in, out, kernel).stride(stride).padding(kernel / 2).groups(groups).bias(false));
  // torch's constructor always draws: it makes the smallest convolution, of a single weight, which then takes its shape.
  torch::nn::Conv2d result(Options(1, 1, 1).stride(stride).padding(kernel / 2).bias(false));
  result->options.in_channels(in).out_channels(out).kernel_size(kernel).groups(groups);
  result->weight.set_data(at::empty({out, in / groups, kernel, kernel}));
  skip_draws(result->weight.numel() - 1);
  return result;
}

at::Tensor convolve(torch::nn::Conv2d& convolution, const at::Tensor& x) {
  if (can_use_winograd(convolution, x)) return winograd_convolution(convolution, x);
  if (wants_float_products(x)) return convolve_by_float_products(convolution, x);
  return convolution->forward(x);
}

}  // namespace torchport::models
