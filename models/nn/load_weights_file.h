// Weights as torchvision publishes them and as training scripts save them, into a network. Called by the model components.
#pragma once
#include <string_view>

#include "models/nn/load_weights.h"

namespace torchport::models {

/// Copies the weights of a file into the network of `spec`: keys with or without "module." or "model.", older spellings, and any
/// floating-point type will do. A head of another number of classes, or none, leaves the network's as it is. `what` names the file
/// in errors, e.g. "weights file". \throws Error InvalidModelDirectory.weights_mismatch, InvalidModelDirectory.not_finite
Head load_weights_file(ClassifierModule& network, const StateDictFile& file, const ModelSpec& spec, std::string_view what);

}  // namespace torchport::models
