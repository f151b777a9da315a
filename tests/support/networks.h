// Networks and layers that tests and benches begin with.
#pragma once
#include <torch/nn/modules/batchnorm.h>

#include <stdexcept>
#include <string>

#include "models/nn/classifier.h"

namespace torchport::test {

/// The variant of whatever architecture has one of that name. \throws std::invalid_argument
inline models::ModelSpec model_spec(const std::string& variant) {
  for (const auto& component : runtime::Specs::get().components()) {
    if (!component.architecture || !component.variant(variant)) continue;
    models::ModelSpec spec;
    spec.component = &component;
    spec.variant = component.variant(variant);
    return spec;
  }
  throw std::invalid_argument("no spec has the variant " + variant);
}

/// Draws a batch norm's weights and statistics, of which none is 0 or 1 then. `spread`: of its bias and mean.
inline void randomise(torch::nn::BatchNorm2dImpl& norm, double spread = 1) {
  const at::NoGradGuard values_only;
  norm.weight.uniform_(0.5, 1.5);
  norm.bias.normal_(0, spread);
  norm.running_mean.normal_(0, spread);
  norm.running_var.uniform_(0.5, 1.5);
}

inline torch::nn::BatchNorm2d random_norm(std::int64_t channels) {
  torch::nn::BatchNorm2d norm(channels);
  randomise(*norm);
  return norm;
}

}  // namespace torchport::test
