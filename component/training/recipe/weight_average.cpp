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

// Weights that found_inf kept as they were may be copied again. The statistics of batch norms follow the forward pass, not the
// gate: a training does not go on from there.
void WeightAverage::update(bool warming_up, const at::Tensor& found_inf) {
  const torch::NoGradGuard no_grad;
  if (begun_) {
    const at::Tensor share = (1 - found_inf) * (1 - decay_);
    at::_foreach_lerp_(averages_, weights_, std::vector<at::Tensor>(weights_.size(), share));
  } else {
    at::_foreach_copy_(averages_, weights_);
  }
  begun_ = !warming_up;
  if (!counters_.empty()) at::_foreach_copy_(kept_counters_, counters_);
}

void WeightAverage::exchange() {
  const torch::NoGradGuard no_grad;
  exchange_contents(weights_, averages_);
  exchange_contents(counters_, kept_counters_);
}

void WeightAverage::write(TrainingState& state) const {
  state.set("average.weights", averages_);
  state.set("average.counters", kept_counters_);
  state.set("average.begun", static_cast<std::int64_t>(begun_));
}

void WeightAverage::read(const TrainingState& state) {
  state.copy_to("average.weights", averages_);
  state.copy_to("average.counters", kept_counters_);
  begun_ = state.integer("average.begun") != 0;
}

}  // namespace torchport::component
