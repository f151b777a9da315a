// The stand-in's graphs do what a GPU's do, and refuse what a GPU does not allow while work is recorded.
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/torch.h>

#include <functional>

#include "component/cuda/graph.h"
#include "component/training/device.h"
#include "tests/support/catch.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_graph.h"

using namespace torchport;
using test::fake_cuda::plugin_with_graphs;

namespace {

const at::Device kDevice("cuda:0");
const component::Device kGpu(kDevice, "", &plugin_with_graphs());

std::string fault_of(const std::function<void()>& work, const cuda::Graph* like = nullptr) {
  cuda::Graph graph(plugin_with_graphs());
  try {
    graph.record(work, like);
  } catch (const cuda::CannotRecord& error) {
    return error.what();
  }
  return "none";
}

at::Tensor on_device(const at::Tensor& host) { return host.to(kDevice); }

}  // namespace

TEST_CASE("fake graph: what is recorded is not done, and each replay does it with what is there then", "[fake_graph]") {
  const component::OwnStream stream(kGpu);
  const at::Tensor x = on_device(at::tensor({1.0F, 2.0F})), sum = on_device(at::zeros({2}));
  cuda::Graph graph(plugin_with_graphs());
  graph.record([&] { sum.add_(at::relu(x * 2)); }, nullptr);
  CHECK(at::equal(sum.cpu(), at::zeros({2})));
  test::fake_cuda::reset();
  graph.replay();
  graph.replay();
  CHECK(test::fake_cuda::counts().replays == 2);
  CHECK(test::fake_cuda::counts().operations == 0);
  CHECK(at::equal(sum.cpu(), at::tensor({4.0F, 8.0F})));
  x.fill_(-1);
  sum.zero_();
  graph.replay();
  CHECK(at::equal(sum.cpu(), at::zeros({2})));
}

TEST_CASE("fake graph: its results are of no value before a replay, and after one of another that shares its memory",
          "[fake_graph]") {
  const component::OwnStream stream(kGpu);
  const at::Tensor x = on_device(at::ones({2}));
  at::Tensor twice, thrice;
  cuda::Graph one(plugin_with_graphs()), other(plugin_with_graphs());
  one.record([&] { twice = x * 2; }, nullptr);
  CHECK(twice.cpu().isnan().all().item<bool>());
  one.replay();
  CHECK(at::equal(twice.cpu(), at::full({2}, 2.0)));
  other.record([&] { thrice = x * 3; }, &one);
  CHECK(twice.cpu().isnan().all().item<bool>());
}

TEST_CASE("fake graph: what a GPU does not allow in it is refused", "[fake_graph]") {
  const component::OwnStream stream(kGpu);
  const at::Tensor x = on_device(at::ones({4})), pageable = at::ones({4}), pinned = at::ones({4}).pin_memory();
  const at::Tensor number = at::scalar_tensor(2.0F);
  CHECK(fault_of([&] { x.mul_(2); }) == "none");
  CHECK(fault_of([&] { x[0].item<float>(); }) == "fake device: item() while work is recorded");
  CHECK(fault_of([&] { at::nonzero(x); }) == "fake device: aten::nonzero while work is recorded");
  CHECK(fault_of([&] { x.copy_(pageable, true); }) == "fake device: copy to the device while work is recorded");
  CHECK(fault_of([&] { x.copy_(pinned, true); }) == "fake device: copy to the device while work is recorded");
  CHECK(fault_of([&] { x.cpu(); }) == "fake device: copy to the host while work is recorded");
  CHECK(fault_of([&] { x.mul_(number); }) ==
        "fake device: aten::mul with a number of the host, argument 'other', while work is recorded");
  CHECK(fault_of([&] { c10::impl::VirtualGuardImpl(c10::kCUDA).synchronizeDevice(0); }) ==
        "fake device: waiting for the device while work is recorded");
  CHECK(at::equal(x.cpu(), at::ones({4})));
}

TEST_CASE("fake graph: the default stream is not recorded, and memory comes from the graph's pool alone", "[fake_graph]") {
  const c10::impl::VirtualGuardImpl device(c10::kCUDA);
  CHECK(fault_of([] {}) == "fake device: the default stream cannot be recorded");
  const component::OwnStream stream(kGpu);
  const c10::Stream other = device.getStreamFromGlobalPool(kDevice);
  CHECK(fault_of([&] {
          const c10::StreamGuard guard(other);
          at::empty({4}, kDevice);
        }) == "fake device: memory outside of the graph's pool is allocated while work is recorded");
}

TEST_CASE("fake graph: streams come into it by events, and must come back", "[fake_graph]") {
  const component::OwnStream stream(kGpu);
  const c10::impl::VirtualGuardImpl device(c10::kCUDA);
  const c10::Stream own = device.getStream(kDevice), other = device.getStreamFromGlobalPool(kDevice);
  const at::Tensor x = on_device(at::ones({4}));
  c10::Event before(c10::kCUDA), forked(c10::kCUDA), joined(c10::kCUDA);
  const auto fork = [&](bool join) {
    forked.record(own);
    forked.block(other);
    {
      const c10::StreamGuard guard(other);
      x.add_(1);
    }
    joined.record(other);
    if (join) joined.block(own);
  };
  before.record(other);
  CHECK(fault_of([&] { before.block(own); }) == "fake device: recorded work waits for work that is not");
  CHECK(fault_of([&] { fork(false); }) ==
        "fake device: the graph's stream " + std::to_string(own.id()) + " does not wait for stream " + std::to_string(other.id()));
  CHECK(fault_of([&] { joined.block(own); }) ==
        "fake device: stream " + std::to_string(own.id()) + " waits for an event of a graph's work");
  cuda::Graph graph(plugin_with_graphs());
  graph.record([&] { fork(true); }, nullptr);
  graph.replay();
  CHECK(at::equal(x.cpu(), at::full({4}, 2.0)));
}

TEST_CASE("fake graph: memory that it uses must still be there", "[fake_graph]") {
  const component::OwnStream stream(kGpu);
  const at::Tensor sum = on_device(at::zeros({4}));
  at::Tensor x = on_device(at::ones({4}));
  cuda::Graph graph(plugin_with_graphs());
  graph.record([&] { sum.add_(x); }, nullptr);
  x.reset();
  CHECK_THROWS_WITH(graph.replay(), Catch::Matchers::Contains("a graph uses memory that was given away"));
}
