// Between networks and state dict files: which entries a network has, and tensors of files. Used to load and to save weights.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "models/nn/classifier.h"
#include "models/weights/state_dict_file.h"

namespace torchport::models {

/// Before the keys of the network in a model directory; the designer wraps torchvision's network as `model`.
inline constexpr std::string_view kKeyPrefix = "model.";

/// The network's parameters and buffers as torch's state_dict() orders them (each module's parameters, then its buffers, then its
/// children, depth first), with torchvision's names.
std::vector<std::pair<std::string, at::Tensor>> state_dict(const ClassifierModule& network);

/// Views for write_model_directory and write_state_dict. `keep` holds the contiguous CPU copies that the views point to.
std::vector<TensorView> weight_views(const ClassifierModule& network, std::vector<at::Tensor>& keep,
                                     std::string_view prefix = kKeyPrefix);

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
