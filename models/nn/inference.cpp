#include "models/nn/inference.h"

#include <c10/core/GradMode.h>

#include "models/nn/autocast.h"
#include "models/nn/cpu/fused_norm.h"
#include "models/nn/norm_activation.h"

namespace torchport::models {
namespace {
thread_local InferenceScope* innermost = nullptr;
}

InferenceScope::InferenceScope() : outer_(std::exchange(innermost, this)) {}
InferenceScope::~InferenceScope() { innermost = outer_; }
bool InferenceScope::active() { return innermost != nullptr; }

const FoldedConvolution* InferenceScope::folded(const torch::nn::Conv2d& convolution, const torch::nn::BatchNorm2d* norm,
                                                const at::Tensor& x) {
  if (!innermost || UnfusedScope::active() || c10::GradMode::is_enabled() || !has_fusible_layout(x)) return nullptr;
  if (x.scalar_type() == at::kFloat && AutocastScope::enabled(c10::kCPU)) return nullptr;
  if (norm && ((*norm)->is_training() || !has_fusible_weights(*norm, convolution->weight.size(0), 1))) return nullptr;
  const std::pair<const void*, at::ScalarType> key{convolution.get(), x.scalar_type()};
  auto found = innermost->folded_.find(key);
  if (found == innermost->folded_.end())
    found = innermost->folded_.try_emplace(key, *convolution, norm ? norm->get() : nullptr, x).first;
  return &found->second;
}

}  // namespace torchport::models
