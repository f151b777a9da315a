// Weights as torchvision publishes them and as training scripts save them, into a network. Called by the model components.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "models/nn/load_weights.h"

namespace torchport::models {

/// What was taken of a file of weights, in sentences for the log.
struct FileWeights {
  Head head;
  std::optional<std::int64_t> head_outputs;  ///< of the file's head, where it has one
  std::vector<std::string> notes;            ///< where the weights were found in the file, and what was converted
  std::vector<std::string> warnings;         ///< what was left out, and what else would have fitted
};

/// Copies the weights of a file into the network of `spec`, wherever in the file and under whatever prefix they are
/// (match_weights), and of any floating-point type. A head of another number of classes, or none, leaves the network's as it is;
/// any other entry that is missing or of another shape is an error. `what` names the file in errors, e.g. "weights file".
/// \throws Error InvalidModelDirectory.weights_mismatch, InvalidModelDirectory.not_finite
FileWeights load_weights_file(ClassifierModule& network, const StateDictFile& file, const ModelSpec& spec, std::string_view what);

}  // namespace torchport::models
