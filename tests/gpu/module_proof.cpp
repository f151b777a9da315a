// Graphs of the module's table, on a GPU.
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/torch.h>

#include "component/cuda/module.h"
#include "tests/gpu/gpu.h"
#include "tests/support/catch.h"

using namespace torchport;

namespace {

c10::Stream side_stream() {
  return c10::impl::VirtualGuardImpl(c10::kCUDA).getStreamFromGlobalPool(test::gpu().where(), /*isHighPriority=*/true);
}

void wait_for_all() { test::gpu().fetch(at::zeros({1}, test::gpu().where())).wait(); }

}  // namespace

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
    FAIL("no graph: " << cuda::plugin().error());
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
