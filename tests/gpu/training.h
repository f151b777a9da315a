// The trainer's own update on random images that are there, for proofs and figures: normalised, forward, backward and optimizer, in
// a graph where that is asked for, and the copy of its statistics.
#pragma once
#include <ATen/ops/randint.h>

#include <optional>
#include <string>
#include <vector>

#include "component/collectives/reducer.h"
#include "component/training/captured_step.h"
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
  bool graphs = false;  ///< on a device: replayed, once that is possible
  bool exact = false;   ///< in float64, on the host; the precision is then float32's
};

class SyntheticTraining {
 public:
  static constexpr std::int64_t kClasses = 1000;

  /// The same images, labels and first weights on any device. Graphs need a component::OwnStream around it.
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
    batch_.size = {plan.size, plan.size};
    batch_.key = models::random_key(1, 0, 0, 0);
    batch_.images = to_device(at::randint(256, {plan.batch, plan.size, plan.size, 3}, at::kByte));
    batch_.labels = to_device(at::randint(kClasses, {plan.batch}, at::kLong));
    if (device_.is_host()) return;
    captured_.emplace(
        component::CapturedStepOptions{plan.graphs, 1, plan.batch, batch_.size}, *step_,
        [this](const component::StepBatch& batch, const at::Tensor& numbers, const at::Tensor& key) {
          return component::StepInputs{input_(batch.images), batch.labels, numbers, false, key};
        },
        device_, alone_, nobody_, log_);
  }

  /// Gives an update to the device. The mean is over `images` of them: over none the gradient is not finite.
  component::HostCopy give(double rate, std::int64_t images) {
    batch_.numbers = {};
    batch_.numbers[component::StepInputs::kImages] = static_cast<float>(images);
    if (captured_) {
      captured_->begin(/*whole=*/true);
      captured_->add(batch_);
      return device_.fetch(captured_->finish(rate, /*warming_up=*/false));
    }
    const at::Tensor numbers = at::empty({component::StepInputs::kNumbers}, at::kFloat);
    std::copy(batch_.numbers.begin(), batch_.numbers.end(), numbers.mutable_data_ptr<float>());
    step_->begin();
    const at::Tensor input = input_(batch_.images);
    step_->add({plan_.exact ? input.to(at::kDouble) : input, batch_.labels, numbers, false, batch_.key}, /*last=*/true);
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
  std::int64_t replays() const { return captured_ ? captured_->replays() : 0; }

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
  runtime::WorldOfOne nobody_;
  runtime::Log log_{{.file = {}, .console = true, .progress_bar = false}};
  component::ReducerOfOne alone_;
  models::Classifier network_;
  component::NetworkInput input_;
  std::optional<component::TrainingStep> step_;
  component::StepBatch batch_;
  std::optional<component::CapturedStep> captured_;
};

}  // namespace torchport::test
