// The stand-in's operations: the CPU's, counted, with LibTorch's rule that all tensors are on the device.
#include <ATen/EmptyTensor.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/view_native.h>
#include <torch/library.h>

#include <cmath>
#include <set>

#include "tests/support/fake_cuda_graph.h"
#include "tests/support/fake_cuda_memory.h"

namespace torchport::test::fake_cuda {

namespace {

using at::IntArrayRef;
using c10::IValue;

void count(const std::string& operation) {
  const std::lock_guard lock(mutex());
  if (is_recorded(current_stream())) return;  // a replay starts all at once
  ++counting().operations;
  ++counting().calls[operation];
}

void count_wait(const std::string& reason) {
  refuse_while_recording(reason);
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

// Batch norm changes its statistics, though its schema does not say so.
Use use_of(const c10::Argument& argument, const std::string& operation) {
  if (operation == "aten::native_batch_norm" && argument.name().starts_with("running_")) return Use::write;
  return argument.alias_info() && argument.alias_info()->isWrite() ? Use::write : Use::read;
}

IValue for_cpu(const IValue& value, const c10::Argument& argument, const std::string& operation, Work& work) {
  const auto host = [&](const at::Tensor& tensor, bool number_allowed) {
    TORCH_CHECK(!tensor.defined() || is_ours(tensor) || (number_allowed && tensor.dim() == 0), operation, ": argument '",
                argument.name(), "' is on ", tensor.device(), ", not on the device");
    // A number that is written in the code is a wrapped one, and remains the same.
    if (tensor.defined() && !is_ours(tensor) && !tensor.unsafeGetTensorImpl()->is_wrapped_number())
      refuse_while_recording(operation + " with a number of the host, argument '" + argument.name() + "',");
    return work.host(tensor, use_of(argument, operation));
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

IValue borrowed_value(const IValue& value) {
  if (value.isTensor()) return borrowed(value.toTensor());
  if (value.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(borrowed(tensor));
    return list;
  }
  if (value.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> list;
    for (const std::optional<at::Tensor> tensor : value.toOptionalTensorList())
      list.push_back(tensor ? std::optional(borrowed(*tensor)) : std::nullopt);
    return list;
  }
  return value;
}

using Arguments = std::vector<IValue>;

// The results on the host, of arguments on the device; valid as long as the work.
Arguments computed(const c10::OperatorHandle& operation, const Arguments& arguments, Work& work) {
  const auto& schema = operation.schema();
  torch::jit::Stack stack;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    stack.push_back(for_cpu(arguments[i], schema.arguments()[i], schema.name(), work));
  operation.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), &stack);
  return stack;
}

void write_again(const at::Tensor& into, const at::Tensor& result) {
  if (is_ours(into) && !is_ours(result)) Work("result").host(into, Use::write).copy_(result);
}

void record_operation(const c10::OperatorHandle& operation, const Arguments& arguments, const Arguments& results) {
  Arguments given, made;
  for (const IValue& value : arguments) given.push_back(borrowed_value(value));
  for (const IValue& value : results) made.push_back(borrowed_value(value));
  record([operation, given, made] {
    Work work(operation.schema().name());
    const Arguments again = computed(operation, given, work);
    for (std::size_t i = 0; i < made.size(); ++i) {
      const auto& result = operation.schema().returns()[i];
      if (result.alias_info() && result.alias_info()->isWrite()) continue;  // it is an argument
      if (made[i].isTensor()) write_again(made[i].toTensor(), again[i].toTensor());
      if (!made[i].isTensorList()) continue;
      const auto into = made[i].toTensorVector(), from = again[i].toTensorVector();
      for (std::size_t t = 0; t < into.size(); ++t) write_again(into[t], from[t]);
    }
  });
}

void run_on_cpu(const c10::OperatorHandle& operation, torch::jit::Stack* stack) {
  const auto& schema = operation.schema();
  const Arguments arguments(stack->end() - static_cast<std::ptrdiff_t>(schema.arguments().size()), stack->end());
  count(schema.name());
  if (makes_host_wait(schema)) count_wait(schema.name());
  stack->resize(stack->size() - arguments.size());
  Arguments results;
  {
    Work work(schema.name());
    results = computed(operation, arguments, work);
    for (std::size_t i = 0; i < results.size(); ++i) results[i] = for_device(results[i], schema.returns()[i], schema, arguments);
  }
  if (recording()) record_operation(operation, arguments, results);
  for (IValue& result : results) stack->push_back(std::move(result));
}

// The same for operations whose arguments are no list: `compute` gives results on the host.
using Compute = std::function<std::vector<at::Tensor>(Work&)>;
std::vector<at::Tensor> made_by(const char* name, const Compute& compute) {
  std::vector<at::Tensor> made, again;
  {
    Work work(name);
    for (const at::Tensor& result : compute(work)) made.push_back(on_device(result));
  }
  if (!recording()) return made;
  for (const at::Tensor& result : made) again.push_back(borrowed(result));
  record([name, compute, again] {
    Work work(name);
    const auto results = compute(work);
    for (std::size_t i = 0; i < results.size(); ++i) write_again(again[i], results[i]);
  });
  return made;
}

at::Tensor held(const at::Tensor& tensor) { return recording() ? borrowed(tensor) : tensor; }

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
    const std::string what = down ? "copy to the host" : "copy to the device";
    if (!non_blocking || !(down ? to : from).is_pinned()) count_wait(what);
    refuse_while_recording(what);  // also from pinned memory, which a graph would have to keep
  }
  const at::Tensor source = work.host(from, Use::read);
  work.host(to, Use::write).copy_(source);
  if (recording())
    record([to = borrowed(to), from = borrowed(from)] {
      Work again("copy_");
      const at::Tensor new_source = again.host(from, Use::read);
      again.host(to, Use::write).copy_(new_source);
    });
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
  const auto compute = [=, x = held(x), weight = held(weight), bias = bias ? std::optional(held(*bias)) : std::nullopt,
                        stride = stride.vec(), padding = padding.vec(), dilation = dilation.vec(),
                        output_padding = output_padding.vec()](Work& work) -> std::vector<at::Tensor> {
    return {at::convolution(work.host(x, Use::read), work.host(weight, Use::read),
                            bias ? std::optional(work.host(*bias, Use::read)) : std::nullopt, stride, padding, dilation, transposed,
                            output_padding, groups)};
  };
  return made_by("convolution", compute)[0];
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(const at::Tensor& gradient, const at::Tensor& x,
                                                                    const at::Tensor& weight, at::OptionalIntArrayRef bias_sizes,
                                                                    IntArrayRef stride, IntArrayRef padding, IntArrayRef dilation,
                                                                    bool transposed, IntArrayRef output_padding,
                                                                    std::int64_t groups, std::array<bool, 3> wanted) {
  count("aten::convolution_backward");
  const auto compute = [=, gradient = held(gradient), x = held(x), weight = held(weight),
                        bias_sizes = bias_sizes ? std::optional(bias_sizes->vec()) : std::nullopt, stride = stride.vec(),
                        padding = padding.vec(), dilation = dilation.vec(),
                        output_padding = output_padding.vec()](Work& work) -> std::vector<at::Tensor> {
    const auto [of_x, of_weight, of_bias] =
        at::convolution_backward(work.host(gradient, Use::read), work.host(x, Use::read), work.host(weight, Use::read),
                                 bias_sizes ? at::OptionalIntArrayRef(*bias_sizes) : at::OptionalIntArrayRef(), stride, padding,
                                 dilation, transposed, output_padding, groups, wanted);
    return {of_x, of_weight, of_bias};
  };
  const auto made = made_by("convolution_backward", compute);
  return {made[0], made[1], made[2]};
}

// Its result is made empty and gets its size here.
at::Tensor& arange_out(const at::Scalar& start, const at::Scalar& end, const at::Scalar& step, at::Tensor& out) {
  count("aten::arange");
  const auto n = static_cast<std::int64_t>(std::ceil((end.toDouble() - start.toDouble()) / step.toDouble()));
  out.unsafeGetTensorImpl()->set_storage_keep_dtype(empty_on_device({n}, {1}, out.scalar_type()).storage());
  out.unsafeGetTensorImpl()->set_sizes_contiguous(n);
  const auto fill = [start, end, step](const at::Tensor& into) {
    Work work("arange");
    at::Tensor host = work.host(into, Use::write);
    at::arange_out(host, start, end, step);
  };
  fill(out);
  if (recording()) record([fill, into = borrowed(out)] { fill(into); });
  return out;
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
  library.impl("arange.start_out", arange_out);
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
