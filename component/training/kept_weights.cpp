#include "component/training/kept_weights.h"

#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/grad_mode.h>

namespace torchport::component {

KeptWeights::KeptWeights(models::ClassifierModule& network, double ema_decay, bool keep_best, EpochMetric best_by, bool copies)
    : keep_best_(keep_best), copies_(keep_best && copies), best_(best_by) {
  for (const auto& tensors : {network.parameters(), network.buffers()}) {
    for (const auto& tensor : tensors) weights_.push_back(tensor.detach());
  }
  if (ema_decay > 0) average_.emplace(network, ema_decay);
}

void KeptWeights::exchange() {
  if (average_) average_->exchange();
}

void KeptWeights::offer(std::int64_t epoch, double top1, double loss) {
  if (!best_.offer(epoch, top1, loss) || !copies_) return;
  best_weights_.clear();
  for (const at::Tensor& tensor : weights_) best_weights_.push_back(tensor.clone());
}

std::int64_t KeptWeights::choose(std::int64_t last) {
  const torch::NoGradGuard no_grad;
  exchange();
  if (!keep_best_ || best_.epoch() == last) return last;
  for (std::size_t i = 0; i < best_weights_.size(); ++i) weights_[i].copy_(best_weights_[i]);
  return best_.epoch();
}

void KeptWeights::write(TrainingState& state) const {
  best_.write(state);
  state.set("best.weights", best_weights_);
  if (average_) average_->write(state);
}

void KeptWeights::read(const TrainingState& state) {
  best_.read(state);
  if (copies_) {
    best_weights_.clear();
    if (best_.epoch() > 0) {
      for (const auto& weights : weights_) best_weights_.push_back(at::empty_like(weights));
    }
    state.copy_to("best.weights", best_weights_);
  }
  if (average_) average_->read(state);
}

}  // namespace torchport::component
