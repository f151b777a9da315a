#include "tests/support/fake_cuda_graph.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <sys/mman.h>

#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "tests/support/fake_cuda_memory.h"

namespace torchport::test::fake_cuda {

namespace {

// What a graph works on, and the calls that it makes again.
struct Graph {
  std::int64_t number = 0;
  c10::StreamId origin = 0;
  std::set<c10::StreamId> streams;  // recorded: the origin, and who waited for it
  std::vector<std::function<void()>> calls;
  std::map<void*, std::size_t> pool;            // its own memory, by bytes
  std::set<void*> let_go;                       // of it, by their tensors
  std::map<void*, std::int64_t> outside;        // other memory that it uses, by serial number
  std::map<void*, std::vector<char>> contents;  // of other memory, before it was first changed
};

struct State {
  Graph* underway = nullptr;
  std::int64_t graphs = 0;
  std::set<Graph*> all;
};
State& state() {
  static State& state = *new State;
  return state;
}

std::string& error() {
  static std::string& error = *new std::string;
  return error;
}

void with_access(void* data, std::size_t bytes, const std::function<void()>& action) {
  const int before = is_open(data) ? PROT_READ | PROT_WRITE : PROT_NONE;
  mprotect(data, bytes, PROT_READ | PROT_WRITE);
  action();
  mprotect(data, bytes, before);
}

// Whoever reads what a graph has not written since finds NaN.
void poison(const Graph& graph) {
  for (const auto& [data, bytes] : graph.pool) {
    with_access(data, bytes, [data = data, bytes = bytes] { std::memset(data, 0xff, bytes); });
  }
}

void put_back(Graph& graph) {
  for (const auto& [data, contents] : graph.contents) {
    if (!is_ours(data)) continue;
    with_access(data, contents.size(),
                [data = data, &contents = contents] { std::memcpy(data, contents.data(), contents.size()); });
  }
  graph.contents.clear();
}

void begin(Graph& graph) {
  TORCH_CHECK(state().underway == nullptr, "fake device: work is recorded already");
  TORCH_CHECK(current_stream() != 0, "fake device: the default stream cannot be recorded");
  graph.number = ++state().graphs;
  graph.origin = current_stream();
  graph.streams = {graph.origin};
  state().underway = &graph;
}

void end(Graph& graph) {
  TORCH_CHECK(state().underway == &graph, "fake device: this graph is not being recorded");
  state().underway = nullptr;
  put_back(graph);
  poison(graph);
  TORCH_CHECK(current_stream() == graph.origin, "fake device: a graph begins and ends on the same stream");
  for (const c10::StreamId stream : graph.streams) {
    const Clock known = fake_cuda::record(stream);
    const auto own = known.find(stream);
    TORCH_CHECK(own == known.end() || is_over({stream, own->second}, graph.origin), "fake device: the graph's stream ",
                graph.origin, " does not wait for stream ", stream);
  }
}

void replay(Graph& graph) {
  TORCH_CHECK(state().underway == nullptr, "fake device: a graph is replayed while work is recorded");
  for (const auto& [data, serial] : graph.outside)
    TORCH_CHECK(serial_of(data) == serial, "fake device: a graph uses memory that was given away");
  poison(graph);
  ++counting().replays;
  const at::AutoDispatchBelowAutograd values_only;
  const c10::impl::ExcludeDispatchKeyGuard as_they_are(c10::autocast_dispatch_keyset);
  for (const auto& call : graph.calls) call();
}

void drop(Graph* graph) {
  if (state().underway == graph) state().underway = nullptr;
  state().all.erase(graph);
  for (void* data : graph->let_go) give_away(data);
  delete graph;
}

template <class Action>
int guarded(Action&& action) {
  const std::lock_guard lock(mutex());
  try {
    action();
    return 0;
  } catch (const c10::Error& fault) {
    error() = fault.what_without_backtrace();
    return 1;
  }
}

Graph& of(void* graph) { return *static_cast<Graph*>(graph); }

}  // namespace

cuda::Graphs graphs() {
  return {[](void** graph, void* like) {
            auto* const made = new Graph;
            state().all.insert(made);
            *graph = made;
            return guarded([&] {
              begin(*made);
              if (like != nullptr) poison(of(like));  // the same memory, on a GPU
            });
          },
          [](void* graph) { return guarded([&] { end(of(graph)); }); },
          [](void* graph) { return guarded([&] { replay(of(graph)); }); },
          [](void* graph) {
            const std::lock_guard lock(mutex());
            drop(static_cast<Graph*>(graph));
          }};
}

const std::string& graph_error() { return error(); }

const cuda::Plugin& plugin_with_graphs() {
  static const cuda::Plugin plugin = {"", 0, [] { return error().c_str(); }, {}, graphs(), {}, nullptr};
  return plugin;
}

bool recording() {
  const std::lock_guard lock(mutex());
  return is_recorded(current_stream());
}

void record(std::function<void()> again) {
  const std::lock_guard lock(mutex());
  state().underway->calls.push_back(std::move(again));
}

at::Tensor borrowed(const at::Tensor& tensor) {
  if (!is_ours(tensor)) return tensor;
  auto storage = c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), tensor.storage().nbytes(),
                                                       c10::DataPtr(tensor.storage().mutable_data(), tensor.device()), nullptr,
                                                       /*resizable=*/false);
  at::Tensor same = at::detail::make_tensor<c10::TensorImpl>(c10::Storage(std::move(storage)),
                                                             c10::DispatchKeySet(c10::DispatchKey::CUDA), tensor.dtype());
  same.unsafeGetTensorImpl()->set_storage_offset(tensor.storage_offset());
  same.unsafeGetTensorImpl()->set_sizes_and_strides(tensor.sizes(), tensor.strides());
  return same;
}

void refuse_while_recording(const std::string& what) {
  const std::lock_guard lock(mutex());
  TORCH_CHECK(state().underway == nullptr, "fake device: ", what, " while work is recorded");
}

std::int64_t work_recorded() { return state().underway ? state().underway->number : 0; }
bool is_recorded(c10::StreamId stream) { return state().underway && state().underway->streams.contains(stream); }

void join(c10::StreamId stream, std::int64_t recorded) {
  if (recorded != 0) {
    TORCH_CHECK(recorded == work_recorded(), "fake device: stream ", stream, " waits for an event of a graph's work");
    state().underway->streams.insert(stream);
  } else {
    TORCH_CHECK(!is_recorded(stream), "fake device: recorded work waits for work that is not");
  }
}

void allocated(void* data, std::size_t bytes) {
  if (!state().underway) return;
  TORCH_CHECK(is_recorded(current_stream()), "fake device: memory outside of the graph's pool is allocated while work is recorded");
  if (data != nullptr) state().underway->pool[data] = bytes;
}

void about_to_use(void* data, std::size_t bytes, std::int64_t serial, bool change) {
  Graph* const graph = state().underway;
  if (!graph || !is_recorded(current_stream()) || graph->pool.contains(data)) return;
  graph->outside[data] = serial;
  if (!change || graph->contents.contains(data)) return;
  with_access(data, bytes, [&] {
    const char* const begin = static_cast<const char*>(data);
    graph->contents[data].assign(begin, begin + bytes);
  });
}

bool kept_by_graph(void* data) {
  for (Graph* graph : state().all) {
    if (!graph->pool.contains(data)) continue;
    graph->let_go.insert(data);
    return true;
  }
  return false;
}

}  // namespace torchport::test::fake_cuda
