// A convolution with its batch norm folded into its weights, which are laid out as the CPU multiplies them: for networks whose
// weights no longer change. Called by models/nn/inference.cpp.
#pragma once
#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/conv.h>

#include <vector>

namespace torchport::models {

/// What a folded convolution does with its result before it writes it.
struct Finish {
  bool relu = false;
  at::Tensor shortcut = {};  ///< added before ReLU where there is one: of the result's size, type and layout; may be overwritten
};

/// Whether LibTorch has oneDNN's fused convolutions as LibTorch 2.11 has them; else norm, shortcut and ReLU are passes of their
/// own.
bool has_fused_convolutions();

class FoldedConvolution {
 public:
  /// Of one of convolution(), and of the norm that follows it, in evaluation mode; null: none does. `x`: channels-last, float32 or
  /// bfloat16, which is the type of all that is to come; its size decides how the weights are laid out.
  FoldedConvolution(const torch::nn::Conv2dImpl& convolution, const torch::nn::BatchNorm2dImpl* norm, const at::Tensor& x,
                    bool fuse = has_fused_convolutions());

  /// What convolution, norm and `finish` give for x, which may have another size. It has no gradient.
  at::Tensor operator()(const at::Tensor& x, const Finish& finish) const;

 private:
  at::Tensor in_steps(const at::Tensor& x, const Finish& finish) const;

  const std::vector<std::int64_t> padding_, stride_, dilation_;
  const std::int64_t groups_;
  const bool fuse_;
  at::Tensor weight_;  // as oneDNN lays it out, where its fused operations are used
  at::Tensor bias_;    // undefined without a norm
};

}  // namespace torchport::models
