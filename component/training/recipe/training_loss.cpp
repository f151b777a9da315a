#include "component/training/recipe/training_loss.h"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/where.h>

#include "component/training/recipe/mixup.h"

namespace torchport::component {

namespace {

constexpr std::int64_t kIgnoreNone = -100;  // torch's default: no label is left out

at::Tensor summed(const at::Tensor& logits, const at::Tensor& labels, const Targets& targets) {
  const auto weights = targets.class_weights.defined() ? std::optional(targets.class_weights) : std::nullopt;
  return at::cross_entropy_loss(logits, labels, weights, at::Reduction::Sum, kIgnoreNone, targets.label_smoothing);
}

}  // namespace

// The loss is linear in the targets, so a blend of two one-hot targets costs what the blend of two losses costs.
at::Tensor training_loss(const at::Tensor& logits, const Targets& targets) {
  const at::Tensor own = summed(logits, targets.labels, targets);
  if (!targets.shares.defined()) return own;
  const at::Tensor previous = summed(logits, previous_labels(targets.labels), targets);
  return own * targets.shares[0] + previous * targets.shares[1];
}

at::Tensor count_correct(const at::Tensor& logits, const Targets& targets) {
  at::Tensor wanted = targets.labels;
  if (targets.shares.defined()) wanted = at::where(targets.shares[0] >= 0.5, wanted, previous_labels(wanted));
  return logits.detach().argmax(1).eq(wanted).sum();
}

}  // namespace torchport::component
