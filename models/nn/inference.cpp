#include "models/nn/inference.h"

#include <c10/core/GradMode.h>

#include "models/nn/autocast.h"
#include "models/nn/cpu/fused_norm.h"
#include "models/nn/norm_activation.h"

namespace torchport::models {
namespace {
thread_local InferenceScope* active = nullptr;
}

InferenceScope::InferenceScope() : outer_(std::exchange(active, this)) {}
InferenceScope::~InferenceScope() { active = outer_; }

const FoldedConvolution* InferenceScope::folded(const torch::nn::Conv2d& convolution, const torch::nn::BatchNorm2d* norm,
                                                const at::Tensor& x) {
  if (!active || UnfusedScope::active() || c10::GradMode::is_enabled() || !has_fusible_layout(x)) return nullptr;
  if (x.scalar_type() == at::kFloat && AutocastScope::enabled(c10::kCPU)) return nullptr;
  if (norm && ((*norm)->is_training() || !has_fusible_weights(*norm, convolution->weight.size(0), 1))) return nullptr;
  const std::pair<const void*, at::ScalarType> key{convolution.get(), x.scalar_type()};
  auto found = active->folded_.find(key);
  if (found == active->folded_.end()) found = active->folded_.try_emplace(key, *convolution, norm ? norm->get() : nullptr, x).first;
  return &found->second;
}

}  // namespace torchport::models
