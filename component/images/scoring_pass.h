// Forward passes of a network whose weights no longer change, as Score Image Model makes them. Used by it and by `torchport serve`,
// whose answers are therefore Score's.
#pragma once
#include <ATen/core/Tensor.h>

#include "component/training/device.h"
#include "component/training/network_input.h"
#include "component/training/precision.h"
#include "datasets/loading/normalised.h"
#include "models/nn/autocast.h"
#include "models/nn/classifier.h"
#include "models/nn/inference.h"

namespace torchport::component {

/// A network and how images come to it.
struct Scorer {
  models::ClassifierModule& network;
  const datasets::Normalisation normalisation;
  const bool channels_last;
  const bool flip;  ///< whether each answer is the mean of those of an image and of its mirror image
  const Device& device;
};

/// Forward passes in one precision, of the thread that made it. The network's weights do not change while one lives.
class ScoringPass {
 public:
  ScoringPass(const Scorer& scorer, Precision precision);
  /// Probabilities, float32 [N, classes] on the device, of images as StagedLoader gives them.
  at::Tensor operator()(const at::Tensor& images) const;

 private:
  at::Tensor answer(const at::Tensor& input) const;

  models::ClassifierModule& network_;
  const bool flip_;
  const NetworkInput input_;
  const models::AutocastScope autocast_;
  const models::InferenceScope inference_;
};

}  // namespace torchport::component
