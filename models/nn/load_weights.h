// The weights of a model directory, into a network. Called by Train and Score.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "models/directory/model_directory.h"
#include "models/nn/classifier.h"

namespace torchport::models {

/// How the head of a network was treated.
enum class Head { kept, remade };

struct LoadedWeights {
  Head head;
  std::string converted;  ///< what is to be said of types that were converted; "" where none was
};

/// Copies the directory's weights into `network` (built for the data's classes). The head is kept if the directory's labels equal
/// `labels` in names and order, and is left as initialised otherwise; `out_linear_model` is folded into it.
/// \throws Error InvalidModelDirectory.weights_mismatch, InvalidModelDirectory.not_finite
LoadedWeights load_weights(ClassifierModule& network, const ModelDirectory& directory, const std::vector<std::string>& labels);

struct LoadedNetwork {
  Classifier network;
  Head head;
  std::string converted;  ///< as in LoadedWeights
};

/// make_classifier and load_weights in one, side by side. \throws Error as load_weights
LoadedNetwork load_network(const ModelDirectory& directory, const std::vector<std::string>& labels, std::int64_t seed);

}  // namespace torchport::models
