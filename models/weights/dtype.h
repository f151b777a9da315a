// What there is to know of each element type that occurs in files of weights.
// Used by their readers and writers, and by the networks that the weights go into.
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

namespace torchport::models {

/// Element types that occur in state dicts, with torch's names ("float32").
enum class DType { uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64, boolean };
/// In bytes.
std::size_t item_size(DType dtype);
std::string_view name(DType dtype);
bool is_floating(DType dtype);

/// The name of torch's class for storages of a dtype, e.g. "FloatStorage".
std::string_view storage_class(DType dtype);
/// The dtype of a storage class, if there is such a class.
std::optional<DType> stored_dtype(std::string_view storage_class);

}  // namespace torchport::models
