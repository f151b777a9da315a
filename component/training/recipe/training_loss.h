// What a training step minimises, and which of its images it got right.
#pragma once
#include <ATen/core/Tensor.h>

namespace torchport::component {

/// How the classes that the network is to answer differ from the labels.
struct Targets {
  at::Tensor labels;       ///< int64 [N]
  double label_smoothing;  ///< as torch.nn.CrossEntropyLoss(label_smoothing)
  /// After mixup: [2], the shares of `labels` and of the labels of the images before, in the logits' type; else undefined.
  at::Tensor shares{};
  at::Tensor class_weights{};  ///< float32 [classes], as torch.nn.CrossEntropyLoss(weight); undefined: all classes weigh 1
};

/// The cross entropy of float32 `logits` [N, classes], summed over the images. torch's weighted mean is this by the sum of the
/// weights of the labels, which blending with the images before does not change.
at::Tensor training_loss(const at::Tensor& logits, const Targets& targets);

/// How many of the images the network takes for the class with the larger share in them: int64, 0-dimensional.
at::Tensor count_correct(const at::Tensor& logits, const Targets& targets);

}  // namespace torchport::component
