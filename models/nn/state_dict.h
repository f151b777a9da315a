// Between networks and state dict files: which entries a network has, and copying them in. Used by load_weights for model
// directories and by load_weights_file.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "models/nn/classifier.h"
#include "models/weights/state_dict_file.h"

namespace torchport::models {

/// Before the keys of the network in a model directory; the designer wraps torchvision's network as `model`.
inline constexpr std::string_view kKeyPrefix = "model.";

/// torch's element type under its name in state dict files. \throws std::logic_error for one that no network here has
DType dtype_of(const at::Tensor& tensor);

/// The entries of state_dict(network), keys with `prefix`; the linear layer `head` with `classes` outputs.
std::vector<TensorEntry> entries_of(const ClassifierModule& network, std::string_view prefix, const std::string& head,
                                    std::int64_t classes);

/// Entry `i` as a contiguous CPU tensor, to read from as long as the file lives: where it can be, it lies in the file's memory.
at::Tensor read_tensor(const StateDictFile& file, std::size_t i);

/// Whether all elements are finite numbers.
bool is_finite(const at::Tensor& tensor);

}  // namespace torchport::models
