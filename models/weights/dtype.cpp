#include "models/weights/dtype.h"

#include <array>
#include <stdexcept>

namespace torchport::models {
namespace {

struct Row {
  DType dtype;
  std::string_view name, storage_class;
  std::size_t size;  // bytes
};

constexpr std::array kRows = {
    Row{DType::uint8, "uint8", "ByteStorage", 1},           Row{DType::int8, "int8", "CharStorage", 1},
    Row{DType::int16, "int16", "ShortStorage", 2},          Row{DType::int32, "int32", "IntStorage", 4},
    Row{DType::int64, "int64", "LongStorage", 8},           Row{DType::float16, "float16", "HalfStorage", 2},
    Row{DType::bfloat16, "bfloat16", "BFloat16Storage", 2}, Row{DType::float32, "float32", "FloatStorage", 4},
    Row{DType::float64, "float64", "DoubleStorage", 8},     Row{DType::boolean, "bool", "BoolStorage", 1},
};

const Row& row(DType dtype) {
  for (const Row& each : kRows) {
    if (each.dtype == dtype) return each;
  }
  throw std::logic_error("an unknown DType");
}

}  // namespace

std::size_t item_size(DType dtype) { return row(dtype).size; }
std::string_view name(DType dtype) { return row(dtype).name; }
bool is_floating(DType dtype) {
  return dtype == DType::float16 || dtype == DType::bfloat16 || dtype == DType::float32 || dtype == DType::float64;
}
std::string_view storage_class(DType dtype) { return row(dtype).storage_class; }

std::optional<DType> stored_dtype(std::string_view storage_class) {
  for (const Row& each : kRows) {
    if (each.storage_class == storage_class) return each.dtype;
  }
  return std::nullopt;
}

}  // namespace torchport::models
