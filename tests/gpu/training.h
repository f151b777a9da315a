// The trainer's own update on random images that are there, for proofs and figures: normalised, forward, backward and optimizer,
// and the copy of its statistics.
#pragma once
#include <ATen/ops/randint.h>

#include <optional>
#include <string>
#include <vector>

#include "component/collectives/reducer.h"
#include "component/training/network_input.h"
#include "component/training/step.h"
#include "models/nn/classifier.h"
#include "models/nn/random_key.h"
#include "tests/support/networks.h"

namespace torchport::test {

struct StepPlan {
  std::string variant;
  component::Precision precision = component::Precision::float32;
  std::int64_t batch = 8;
  int size = 64;
  bool exact = false;  ///< in float64, on the host; the precision is then float32's
};

class SyntheticTraining {
 public:
  static constexpr std::int64_t kClasses = 1000;

  /// The same images, labels and first weights on any device.
  SyntheticTraining(const StepPlan& plan, const component::Device& device)
      : plan_(plan),
        device_(device),
        network_(models::make_classifier(model_spec(plan.variant), kClasses, 1)),
        input_({{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}, /*channels_last=*/true, plan.precision, device) {
    models::use_channels_last(*network_);
    if (plan.exact) network_->to(at::kDouble);
    device_.take(*network_);
    network_->train();
    step_.emplace(component::StepOptions{1, 0, true, plan.precision}, network_, device_, alone_, nullptr);
    at::manual_seed(2);
    images_ = to_device(at::randint(256, {plan.batch, plan.size, plan.size, 3}, at::kByte));
    labels_ = to_device(at::randint(kClasses, {plan.batch}, at::kLong));
  }

  /// Gives an update to the device. The mean is over `images` of them: over none the gradient is not finite.
  component::HostCopy give(double rate, std::int64_t images) {
    const at::Tensor numbers = device_.host_empty({component::StepInputs::kNumbers}, at::kFloat).zero_();
    numbers[component::StepInputs::kImages] = images;
    step_->begin();
    const at::Tensor input = input_(images_);
    step_->add(
        {plan_.exact ? input.to(at::kDouble) : input, labels_, device_.bring(numbers), false, models::random_key(1, 0, 0, 0)},
        /*last=*/true);
    return device_.fetch(step_->finish(device_.number(rate), /*warming_up=*/false));
  }
  static component::StepSums settle(component::HostCopy& given) { return component::TrainingStep::read(given.wait(), 1); }

  component::StepSums update(double rate = 0.01) { return update_over(plan_.batch, rate); }
  component::StepSums update_over(std::int64_t images, double rate = 0.01) {
    auto given = give(rate, images);
    return settle(given);
  }

  /// Copies on the host of what a stopped update may not change: momenta and parameters.
  std::vector<at::Tensor> weights() const {
    component::TrainingState state;
    step_->write(state);
    auto all = state.tensors("optimizer.momentum");
    for (const auto& tensor : network_->parameters()) all.push_back(tensor.detach());
    return copied(all);
  }
  /// And of the norms' statistics.
  std::vector<at::Tensor> statistics() const { return copied(network_->buffers()); }

 private:
  static std::vector<at::Tensor> copied(std::vector<at::Tensor> tensors) {
    for (at::Tensor& tensor : tensors) tensor = tensor.to(at::kCPU, /*non_blocking=*/false, /*copy=*/true);
    return tensors;
  }
  // As the loader has images: of three dimensions after the first, channels last in memory.
  at::Tensor to_device(const at::Tensor& tensor) const {
    const at::Tensor there = device_.bring(device_.host_empty(tensor.sizes(), tensor.scalar_type()).copy_(tensor)).clone();
    return there.dim() == 4 ? there.permute({0, 3, 1, 2}) : there;
  }

  const StepPlan plan_;
  const component::Device device_;
  component::ReducerOfOne alone_;
  models::Classifier network_;
  component::NetworkInput input_;
  std::optional<component::TrainingStep> step_;
  at::Tensor images_, labels_;
};

}  // namespace torchport::test
