// The stand-in's memory: the host's, but nobody may touch it (PROT_NONE) except an operation while it runs, so that a pointer taken
// on the CPU faults at once. Used by tests/support/fake_cuda*.cpp.
#pragma once
#include <ATen/core/Tensor.h>
#include <c10/core/Allocator.h>

#include <string>
#include <vector>

#include "tests/support/fake_cuda_state.h"

namespace torchport::test::fake_cuda {

c10::Allocator& device_memory();
/// Page-locked memory of the host, which copies need not wait for.
c10::Allocator& pinned_memory();
bool is_pinned(const void* pointer);
/// Whether a tensor is defined and on the device.
bool is_ours(const at::Tensor& tensor);

// --- of the device's memory that begins at `data`
bool is_ours(void* data);
/// Whether an operation is at work on it.
bool is_open(void* data);
/// Another one for each allocation; 0 for what is not allocated.
std::int64_t serial_of(void* data);
void give_away(void* data);

enum class Use { read, write };

/// One piece of work of this thread's stream, and tensors of the host over the device memory that it uses: open while this lives.
class Work {
 public:
  explicit Work(std::string name);
  ~Work();
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  /// A host tensor over the device's `tensor`; any other tensor as it is.
  /// \throws c10::Error where another stream's work on that memory may not be over
  at::Tensor host(const at::Tensor& tensor, Use use);
  /// Opens what is anywhere in the device's memory; null is none. \throws c10::Error as host(), and where it is not the device's
  void open(const void* memory, Use use);

 private:
  void open_block(void* data, Use use);
  std::string name_;
  Moment moment_;
  std::vector<void*> open_;
};

/// Uninitialised, on the device.
at::Tensor empty_on_device(at::IntArrayRef sizes, at::IntArrayRef strides, at::ScalarType dtype);
/// A result of the CPU, on the device.
at::Tensor on_device(const at::Tensor& result);
/// As at::Tensor::record_stream: the memory is not given away before the stream's present work on it is over.
void keep_for(const c10::DataPtr& data, c10::StreamId stream);

}  // namespace torchport::test::fake_cuda
