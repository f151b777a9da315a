#include "models/nn/state_dict.h"

#include <torch/torch.h>

#include <stdexcept>

namespace torchport::models {
namespace {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

void append(const torch::nn::Module& module, const std::string& prefix, NamedTensors& out) {
  for (const auto& item : module.named_parameters(/*recurse=*/false)) out.emplace_back(prefix + item.key(), item.value());
  for (const auto& item : module.named_buffers(/*recurse=*/false)) out.emplace_back(prefix + item.key(), item.value());
  for (const auto& child : module.named_children()) append(*child.value(), prefix + child.key() + ".", out);
}

struct TypeName {
  at::ScalarType type;
  DType dtype;
};
constexpr TypeName kTypes[] = {{at::kByte, DType::uint8},    {at::kChar, DType::int8},         {at::kShort, DType::int16},
                               {at::kInt, DType::int32},     {at::kLong, DType::int64},        {at::kHalf, DType::float16},
                               {at::kFloat, DType::float32}, {at::kBFloat16, DType::bfloat16}, {at::kDouble, DType::float64},
                               {at::kBool, DType::boolean}};

at::ScalarType type_of(DType dtype) {
  for (const TypeName& row : kTypes) {
    if (row.dtype == dtype) return row.type;
  }
  throw std::logic_error("an element type without a counterpart in torch");
}

}  // namespace

NamedTensors state_dict(const ClassifierModule& network) {
  NamedTensors result;
  append(network, "", result);
  return result;
}

DType dtype_of(const at::Tensor& tensor) {
  for (const TypeName& row : kTypes) {
    if (row.type == tensor.scalar_type()) return row.dtype;
  }
  throw std::logic_error(std::string("no state dict here holds ") + c10::toString(tensor.scalar_type()));
}

std::vector<TensorEntry> entries_of(const ClassifierModule& network, std::string_view prefix, const std::string& head,
                                    std::int64_t classes) {
  std::vector<TensorEntry> entries;
  for (const auto& [key, tensor] : state_dict(network)) {
    entries.push_back({std::string(prefix) + key, dtype_of(tensor), tensor.sizes().vec()});
    if (key == head + ".weight" || key == head + ".bias") entries.back().shape[0] = classes;
  }
  return entries;
}

at::Tensor read_tensor(const StateDictFile& file, std::size_t i) {
  const TensorEntry& entry = file.entries()[i];
  const at::TensorOptions type(type_of(entry.dtype));
  if (const void* const values = file.in_place(i)) return at::from_blob(const_cast<void*>(values), entry.shape, type);
  at::Tensor tensor = at::empty(entry.shape, type);
  file.copy_to(i, tensor.data_ptr());
  return tensor;
}

bool is_finite(const at::Tensor& tensor) {
  if (!tensor.is_floating_point()) return true;
  if (tensor.scalar_type() != at::kFloat || !tensor.is_contiguous()) return at::isfinite(tensor).all().item<bool>();
  // On this thread alone: OpenMP's threads, waiting for more, would keep the other cores from whoever draws the weights meanwhile.
  const auto* const values = tensor.const_data_ptr<float>();
  // Counted, as a loop that ends early is not vectorised.
  return std::count_if(values, values + tensor.numel(), [](float value) { return !std::isfinite(value); }) == 0;
}

std::vector<TensorView> weight_views(const ClassifierModule& network, std::vector<at::Tensor>& keep, std::string_view prefix) {
  std::vector<TensorView> views;
  for (const auto& [key, tensor] : state_dict(network)) {
    keep.push_back(tensor.detach().to(at::kCPU).contiguous());
    views.push_back({std::string(prefix) + key, dtype_of(tensor), tensor.sizes().vec(), keep.back().const_data_ptr()});
  }
  return views;
}

}  // namespace torchport::models
