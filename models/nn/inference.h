// How a network whose weights no longer change is computed on the CPU: batch norms that follow a convolution are folded into it.
// Score Image Model opens an InferenceScope around its forward passes; the convolutions of models/nn/ ask for it.
#pragma once
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include <map>
#include <utility>

#include "models/nn/cpu/folded_convolution.h"

namespace torchport::models {

/// While one lives, the convolutions of this thread's networks are folded when they are first met, and stay so: nothing in the
/// scope may change a weight. Folds what is in evaluation mode, channels-last and on the CPU, without gradients; all else is
/// computed as elsewhere.
class InferenceScope {
 public:
  InferenceScope();
  ~InferenceScope();
  InferenceScope(const InferenceScope&) = delete;
  InferenceScope& operator=(const InferenceScope&) = delete;

  /// Whether this thread is in one.
  static bool active();
  /// The convolution of x, folded with `norm` if there is one; null where that is not for this thread, x or network.
  static const FoldedConvolution* folded(const torch::nn::Conv2d& convolution, const torch::nn::BatchNorm2d* norm,
                                         const at::Tensor& x);

 private:
  std::map<std::pair<const void*, at::ScalarType>, FoldedConvolution> folded_;  // by convolution and type of x
  InferenceScope* outer_;
};

}  // namespace torchport::models
