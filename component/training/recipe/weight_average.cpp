#include "component/training/recipe/weight_average.h"

#include <ATen/ops/_foreach_copy.h>
#include <ATen/ops/_foreach_lerp.h>
#include <torch/csrc/autograd/grad_mode.h>

namespace torchport::component {

namespace {

void exchange_contents(std::vector<at::Tensor>& some, std::vector<at::Tensor>& others) {
  for (std::size_t i = 0; i < some.size(); ++i) {
    const at::Tensor old = some[i].clone();
    some[i].copy_(others[i]);
    others[i].copy_(old);
  }
}

}  // namespace

WeightAverage::WeightAverage(const models::ClassifierModule& network, double decay) : decay_(decay) {
  const torch::NoGradGuard no_grad;
  for (const auto& tensors : {network.parameters(), network.buffers()}) {
    for (const auto& tensor : tensors) {
      const bool averaged = tensor.is_floating_point();
      (averaged ? weights_ : counters_).push_back(tensor.detach());
      (averaged ? averages_ : kept_counters_).push_back(tensor.detach().clone());
    }
  }
}

void WeightAverage::update(bool warming_up) {
  const torch::NoGradGuard no_grad;
  if (begun_) {
    at::_foreach_lerp_(averages_, weights_, 1 - decay_);
  } else {
    at::_foreach_copy_(averages_, weights_);
  }
  begun_ = !warming_up;
  at::_foreach_copy_(kept_counters_, counters_);
}

void WeightAverage::exchange() {
  const torch::NoGradGuard no_grad;
  exchange_contents(weights_, averages_);
  exchange_contents(counters_, kept_counters_);
}

}  // namespace torchport::component
