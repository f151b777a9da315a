// Writes the `model` file: a PyTorch zip archive of a state dict (docs/contract.md, "The model file"). Used for model directories.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/weights/dtype.h"

namespace torchport::models {

/// A tensor to write: row-major elements that stay valid during the call.
struct TensorView {
  std::string key;
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;
  const void* data = nullptr;
};

/// Writes what `torch.load(weights_only=True)` and the original accept: an OrderedDict of tensors, stored, 64-byte aligned, with
/// CRCs. `sink` gets the bytes in order.
void write_state_dict(const std::vector<TensorView>& tensors, const std::function<void(const void*, std::size_t)>& sink);

}  // namespace torchport::models
