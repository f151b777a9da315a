// Counts the tensors of a file whose element type is another than the network's. Used by those who load weights, to say so.
#pragma once
#include <cstddef>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "models/weights/dtype.h"

namespace torchport::models {

class Conversions {
 public:
  /// A tensor of the network gets values of this type.
  void add(DType from, const at::Tensor& to, bool counter);
  /// "Converted to float32: 122 tensors of float16.", or "" where nothing was.
  std::string text() const;

 private:
  std::map<DType, std::size_t> weights_, counters_;
};

/// What a tensor of the network gets of a file's tensor: the same values in its own type. A counter may be of any number type; one
/// that is not a whole number from 0 on counts from 0 again.
at::Tensor converted(const at::Tensor& values, const at::Tensor& to, bool counter);

}  // namespace torchport::models
