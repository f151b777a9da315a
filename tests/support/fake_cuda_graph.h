// Graphs of the stand-in: what a stream is given is kept as a list of calls, and replayed by making them again. What a GPU does not
// allow meanwhile is refused. Used by tests of graphs; the operations (fake_cuda*.cpp) tell it what they do.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "component/cuda/plugin.h"
#include "tests/support/fake_cuda_state.h"

namespace torchport::test::fake_cuda {

/// As the module has them; the error of the last call is graph_error().
cuda::Graphs graphs();
const std::string& graph_error();
/// A module that has graphs and nothing else.
const cuda::Plugin& plugin_with_graphs();

// --- for the stand-in's own files. A call while work is recorded computes as always, and the memory that it changes is put back
// at the end: as if nothing had happened, but results have sizes, and values that an index may be.

/// Whether this thread's present stream is recorded.
bool recording();
/// A call that the graph is to make again. It holds no memory: tensors in it are borrowed().
void record(std::function<void()> again);
/// `tensor` without a share in its memory.
at::Tensor borrowed(const at::Tensor& tensor);
/// \throws c10::Error where work is recorded, in which `what` may not be
void refuse_while_recording(const std::string& what);

/// The work that is recorded now: 0 where none is.
std::int64_t work_recorded();
bool is_recorded(c10::StreamId stream);
/// `stream` is about to wait for an event of `recorded` work (0: of none): then it is recorded as well.
/// \throws c10::Error where only one of the two is recorded
void join(c10::StreamId stream, std::int64_t recorded);
/// Memory was allocated on this thread's stream, or is about to be (null). \throws c10::Error where that is not recorded, but
/// another is
void allocated(void* data, std::size_t bytes);
/// Memory that is about to be used, to be changed or not.
void about_to_use(void* data, std::size_t bytes, std::int64_t serial, bool change);
/// Whether a graph keeps memory that its tensor has let go.
bool kept_by_graph(void* data);

}  // namespace torchport::test::fake_cuda
