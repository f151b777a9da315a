// NCCL on a GPU, by the product's own reducer in a world of one process: two on one GPU it refuses.
#include "component/collectives/nccl_reducer.h"

#include <c10/core/Event.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/torch.h>

#include <chrono>
#include <cstdio>

#include "component/collectives/nccl_log.h"
#include "component/cuda/module.h"
#include "runtime/clock.h"
#include "tests/gpu/gpu.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;
using Clock = std::chrono::steady_clock;

namespace {

constexpr double kDeadline = 20;  // seconds, of what takes one at most

struct RollOfOne : component::Roll {
  double seconds = kDeadline;
  double patience() const override { return seconds; }
  std::vector<std::optional<component::RollCall>> roll_call(const component::RollCall& mine, double) override { return {mine}; }
};

/// The reducer of this process alone.
struct Alone {
  runtime::WorldOfOne world;
  RollOfOne roll;
  std::optional<component::NcclReducer> reducer;

  Alone() {
    const component::Device& device = test::gpu();
    static const test::TemporaryFolder folder;  // NCCL opens its log once for all
    component::tune_nccl(folder / "nccl");
    reducer.emplace(cuda::plugin(), device.where(), world, roll, folder / "nccl");
  }
  void wait_for_all() {
    c10::Event over(c10::kCUDA);
    over.record(c10::impl::VirtualGuardImpl(c10::kCUDA).getStream(test::gpu().where()));
    reducer->waiter()([&] { return over.query(); });
  }
};

}  // namespace

TEST_CASE("gpu: the product's reducer sums by NCCL, in the order in which sums are handed in, and its end is NCCL's abort",
          "[nccl]") {
  const auto where = test::gpu().where();
  int version = 0;
  REQUIRE(cuda::plugin().nccl.version(&version) == 0);
  std::printf("NCCL %d\n", version);
  CHECK(version >= 22000);
  Alone alone;
  for (const auto type : {at::kFloat, at::kDouble}) {
    const at::Tensor before = at::arange(100000, type), one = before.to(where), two = at::full({3}, 7.0, type).to(where);
    const auto first = alone.reducer->sum(one), second = alone.reducer->sum(two);
    first->wait();
    const at::Tensor half = one / 2;  // on the GPU, without a wait of the host
    second->wait();
    alone.wait_for_all();
    CHECK(at::equal(half.cpu(), before / 2));
    CHECK(at::equal(two.cpu(), at::full({3}, 7.0, type)));
  }
  const auto begun = Clock::now();
  alone.reducer.reset();
  const double seconds = runtime::seconds_since(begun);
  std::printf("abort took %.2f s\n", seconds);
  CHECK(seconds < kDeadline);
}

TEST_CASE("gpu: a sum of NCCL's that does not end is given up, with the call, its number and who came to it", "[nccl]") {
  constexpr double kPatience = 0.5;
  Alone alone;
  const at::Tensor ones = at::ones({1000}, test::gpu().where());
  for (int i = 0; i < 2; ++i) alone.reducer->sum(ones)->wait();
  alone.wait_for_all();
  alone.roll.seconds = kPatience;
  const auto begun = Clock::now();
  std::string said;
  try {
    alone.reducer->waiter()([] { return false; });
  } catch (const runtime::Error& error) {
    said = error.what();
  }
  const double seconds = runtime::seconds_since(begun);
  CHECK(said == "all-reduce number 2 of NCCL did not end within 0.5 s: all processes came to it");
  CHECK((seconds >= kPatience && seconds < kPatience + kDeadline));
  CHECK(at::equal(ones.cpu(), at::ones({1000})));  // the GPU goes on after the abort
}
