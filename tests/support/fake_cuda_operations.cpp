// The stand-in's operations: the CPU's, counted, with LibTorch's rule that all tensors are on the device.
#include <ATen/EmptyTensor.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/view_native.h>
#include <torch/library.h>

#include <set>

#include "tests/support/fake_cuda_memory.h"

namespace torchport::test::fake_cuda {

namespace {

using at::IntArrayRef;
using c10::IValue;

void count(const std::string& operation) {
  const std::lock_guard lock(mutex());
  ++counting().operations;
  ++counting().calls[operation];
}

void count_wait(const std::string& reason) {
  const std::lock_guard lock(mutex());
  counting().waits.push_back(reason);
  host_knows(record(current_stream()));
}

// --- any operation

// A GPU's host must wait for a result that is a number, or whose size depends on values.
bool makes_host_wait(const c10::FunctionSchema& schema) {
  static const std::set<std::string> kSizedByValues = {"aten::nonzero",    "aten::masked_select", "aten::_unique2",
                                                       "aten::unique_dim", "aten::bincount",      "aten::repeat_interleave",
                                                       "aten::_unique"};
  if (kSizedByValues.contains(schema.name())) return true;
  for (const auto& result : schema.returns()) {
    const auto kind = result.type()->kind();
    if (kind != c10::TypeKind::TensorType && kind != c10::TypeKind::ListType) return true;
  }
  return false;
}

Use use_of(const c10::Argument& argument) {
  return argument.alias_info() && argument.alias_info()->isWrite() ? Use::write : Use::read;
}

IValue for_cpu(const IValue& value, const c10::Argument& argument, const std::string& operation, Work& work) {
  const auto host = [&](const at::Tensor& tensor, bool number_allowed) {
    TORCH_CHECK(!tensor.defined() || is_ours(tensor) || (number_allowed && tensor.dim() == 0), operation, ": argument '",
                argument.name(), "' is on ", tensor.device(), ", not on the device");
    return work.host(tensor, use_of(argument));
  };
  if (value.isTensor()) return host(value.toTensor(), /*number_allowed=*/true);
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(host(tensor, /*number_allowed=*/false));
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> list;
    for (const std::optional<at::Tensor> tensor : value.toOptionalTensorList())
      list.push_back(tensor ? std::optional(host(*tensor, /*number_allowed=*/false)) : std::nullopt);
    return list;
  }
  return value.isDevice() ? IValue(c10::Device(c10::kCPU)) : value;
}

// What the caller gets for a result: the argument that it is, or a new tensor on the device.
IValue for_device(const IValue& value, const c10::Argument& result, const c10::FunctionSchema& schema,
                  const std::vector<IValue>& arguments) {
  if (result.alias_info() && result.alias_info()->isWrite()) {
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const auto* const written = schema.arguments()[i].alias_info();
      if (written && written->isWrite() && written->beforeSets() == result.alias_info()->beforeSets()) return arguments[i];
    }
  }
  if (value.isTensor()) return on_device(value.toTensor());
  if (!value.isTensorList()) return value;
  c10::List<at::Tensor> list;
  for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(on_device(tensor));
  return list;
}

void run_on_cpu(const c10::OperatorHandle& operation, torch::jit::Stack* stack) {
  const auto& schema = operation.schema();
  const std::vector<IValue> arguments(stack->end() - static_cast<std::ptrdiff_t>(schema.arguments().size()), stack->end());
  count(schema.name());
  if (makes_host_wait(schema)) count_wait(schema.name());
  stack->resize(stack->size() - arguments.size());
  Work work(schema.name());
  for (std::size_t i = 0; i < arguments.size(); ++i)
    stack->push_back(for_cpu(arguments[i], schema.arguments()[i], schema.name(), work));
  operation.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);
  const std::size_t first = stack->size() - schema.returns().size();
  for (std::size_t i = 0; i < schema.returns().size(); ++i)
    (*stack)[first + i] = for_device((*stack)[first + i], schema.returns()[i], schema, arguments);
}

// --- those that are more than that

at::Tensor empty(IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>, std::optional<at::Device>,
                 std::optional<bool>, std::optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &device_memory(), c10::DispatchKeySet(c10::DispatchKey::CUDA),
                                   c10::dtype_or_default(dtype), format);
}

at::Tensor empty_strided(IntArrayRef size, IntArrayRef stride, std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                         std::optional<at::Device>, std::optional<bool>) {
  return empty_on_device(size, stride, c10::dtype_or_default(dtype));
}

at::Tensor as_strided(const at::Tensor& self, IntArrayRef size, IntArrayRef stride, std::optional<std::int64_t> offset) {
  return at::native::as_strided_tensorimpl(self, size, stride, offset);
}

// A copy between host and device that is not asked to be in the background, or whose memory on the host is pageable, is waited for.
at::Tensor& copy(at::Tensor& to, const at::Tensor& from, bool non_blocking) {
  Work work("copy_");
  if (is_ours(to) && is_ours(from)) {
    count("aten::copy_");
  } else {
    const bool down = is_ours(from);
    {
      const std::lock_guard lock(mutex());
      ++(down ? counting().to_host : counting().to_device);
    }
    if (!non_blocking || !(down ? to : from).is_pinned()) count_wait(down ? "copy to the host" : "copy to the device");
  }
  const at::Tensor source = work.host(from, Use::read);
  work.host(to, Use::write).copy_(source);
  return to;
}

at::Scalar local_scalar(const at::Tensor& self) {
  count_wait("item()");
  return Work("item()").host(self, Use::read).item();
}

at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const std::optional<at::Tensor>& bias, IntArrayRef stride,
                       IntArrayRef padding, IntArrayRef dilation, bool transposed, IntArrayRef output_padding,
                       std::int64_t groups) {
  count("aten::convolution");
  TORCH_CHECK(is_ours(x) && is_ours(weight), "convolution: the input is on ", x.device(), ", the weight on ", weight.device());
  Work work("convolution");
  return on_device(at::convolution(work.host(x, Use::read), work.host(weight, Use::read),
                                   bias ? std::optional(work.host(*bias, Use::read)) : std::nullopt, stride, padding, dilation,
                                   transposed, output_padding, groups));
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(const at::Tensor& gradient, const at::Tensor& x,
                                                                    const at::Tensor& weight, at::OptionalIntArrayRef bias_sizes,
                                                                    IntArrayRef stride, IntArrayRef padding, IntArrayRef dilation,
                                                                    bool transposed, IntArrayRef output_padding,
                                                                    std::int64_t groups, std::array<bool, 3> wanted) {
  count("aten::convolution_backward");
  Work work("convolution_backward");
  const auto [of_x, of_weight, of_bias] =
      at::convolution_backward(work.host(gradient, Use::read), work.host(x, Use::read), work.host(weight, Use::read), bias_sizes,
                               stride, padding, dilation, transposed, output_padding, groups, wanted);
  return {on_device(of_x), on_device(of_weight), on_device(of_bias)};
}

void record_stream(at::Tensor& self, c10::Stream stream) { keep_for(self.storage().data_ptr(), stream.id()); }

torch::CppFunction boxed() { return torch::CppFunction::makeFromBoxedFunction<&run_on_cpu>(); }

TORCH_LIBRARY_IMPL(_, CUDA, library) { library.fallback(boxed()); }
TORCH_LIBRARY_IMPL(aten, CUDA, library) {
  library.impl("empty.memory_format", empty);
  library.impl("empty_strided", empty_strided);
  library.impl("as_strided", as_strided);
  library.impl("view", at::native::view);
  library.impl("_reshape_alias", at::native::_reshape_alias);
  library.impl("copy_", copy);
  library.impl("_local_scalar_dense", local_scalar);
  library.impl("convolution", convolution);
  library.impl("convolution_backward", convolution_backward);
  library.impl("record_stream", record_stream);
  // A GPU has one kernel for these, the CPU one for each tensor.
  for (const char* name :
       {"_foreach_add_.Scalar", "_foreach_copy_", "_foreach_lerp_.Scalar", "_foreach_mul_.Scalar", "_foreach_zero_"})
    library.impl(name, boxed());
}

}  // namespace

}  // namespace torchport::test::fake_cuda
