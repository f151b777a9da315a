// Which of the known networks a file of weights is of, by the names and shapes of its entries. Called by torchport import.
#pragma once
#include <cstdint>
#include <filesystem>

#include "models/nn/load_weights_file.h"

namespace torchport::models {

struct FoundNetwork {
  ModelSpec spec;      ///< component and variant alone
  Classifier network;  ///< with the weights of the file, head included
  FileWeights weights;
};

/// Looks at each variant of each architecture, those of the file's size first; wherever in the file and under whatever prefix its
/// weights are (match_weights). `path` is where `file` was read from.
/// \throws Error InvalidModelDirectory.unknown_network with the first differences from the nearest as rows, other_outputs,
/// no_head, not_finite
FoundNetwork find_network(const StateDictFile& file, std::int64_t outputs, const std::filesystem::path& path);

}  // namespace torchport::models
