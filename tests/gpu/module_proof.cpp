// Graphs and NCCL of the module's table, on a GPU.
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/torch.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "component/cuda/module.h"
#include "tests/gpu/gpu.h"
#include "tests/support/catch.h"

using namespace torchport;

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kDeadline(20);

c10::Stream side_stream() {
  return c10::impl::VirtualGuardImpl(c10::kCUDA).getStreamFromGlobalPool(test::gpu().where(), /*isHighPriority=*/true);
}

void wait_for_all() { test::gpu().fetch(at::zeros({1}, test::gpu().where())).wait(); }

/// A communicator of this process alone.
class Alone {
 public:
  Alone() {
    char id[cuda::kNcclIdBytes];
    REQUIRE(nccl.unique_id(id) == 0);
    const int begun = nccl.init(&communicator, 1, id, 0);
    INFO(nccl.last_error());
    REQUIRE((begun == 0 || begun == cuda::kNcclInProgress));
    REQUIRE(settled() == 0);
  }
  /// The state of the communicator, once no call is under way any more.
  int settled() const {
    const auto end = Clock::now() + kDeadline;
    int state = nccl.async_error(communicator);
    for (; state == cuda::kNcclInProgress && Clock::now() < end; state = nccl.async_error(communicator)) std::this_thread::yield();
    return state;
  }
  void sum(const at::Tensor& tensor, const c10::Stream& stream) const {
    const int begun = nccl.all_reduce(tensor.mutable_data_ptr(), static_cast<std::size_t>(tensor.numel()), cuda::NcclType::float32,
                                      communicator, stream.native_handle());
    REQUIRE((begun == 0 || begun == cuda::kNcclInProgress));
    REQUIRE(settled() == 0);
  }

  const cuda::Nccl& nccl = cuda::plugin().nccl;
  void* communicator = nullptr;
};

}  // namespace

TEST_CASE("gpu: NCCL starts, sums and ends for one rank", "[nccl]") {
  const auto where = test::gpu().where();
  const at::Tensor before = at::arange(1000, at::kFloat), tensor = before.to(where);
  wait_for_all();
  const Alone alone;
  int version = 0;
  REQUIRE(alone.nccl.version(&version) == 0);
  std::printf("NCCL %d\n", version);
  CHECK(version >= 22000);
  {
    const c10::Stream stream = side_stream();
    const c10::impl::VirtualGuardImpl guard(c10::kCUDA);
    const c10::Stream outer = guard.exchangeStream(stream);
    alone.sum(tensor, stream);
    const at::Tensor after = test::gpu().fetch(tensor).wait();
    guard.exchangeStream(outer);
    CHECK(at::equal(after, before));
  }
  const auto start = Clock::now();
  CHECK(alone.nccl.abort(alone.communicator) == 0);
  CHECK(Clock::now() - start < kDeadline);
}

TEST_CASE("gpu: what a graph repeats is what was recorded, with what its inputs then hold", "[graph][small]") {
  const auto& graphs = cuda::plugin().graphs;
  const at::Tensor x = at::ones({1000}, test::gpu().where());
  wait_for_all();
  const c10::impl::VirtualGuardImpl guard(c10::kCUDA);
  const c10::Stream outer = guard.exchangeStream(side_stream());
  void* graph = nullptr;
  at::Tensor y;
  if (graphs.begin(&graph, nullptr) != 0) {
    guard.exchangeStream(outer);
    const std::string reason = cuda::plugin().error();
    if (reason == "the fake records nothing") return test::skip("the stand-in records no graphs");
    FAIL("no graph: " << reason);
  }
  y = x * 2 + 1;
  x.add_(1);
  REQUIRE(graphs.end(graph) == 0);
  for (int i = 1; i <= 3; ++i) {
    REQUIRE(graphs.replay(graph) == 0);
    CHECK(at::equal(test::gpu().fetch(y).wait(), at::full({1000}, 2.0 * i + 1)));
  }
  graphs.reset(graph);
  guard.exchangeStream(outer);
}
