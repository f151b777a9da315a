// Control and reducer on several ranks, driven by collective_test.py. usage (under mpirun or alone): collective_cases CASE
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "component/collectives/mpi.h"
#include "component/training/replicas.h"
#include "runtime/launch/launched_as.h"
#include "runtime/watch/standing.h"
#include "tests/support/networks.h"

using namespace torchport;
using runtime::Error;

namespace {

#define EXPECT(condition)                                                                    \
  if (!(condition)) {                                                                        \
    std::printf("rank %d: line %d: %s does not hold\n", world.rank(), __LINE__, #condition); \
    std::fflush(stdout);                                                                     \
    world.abort(1);                                                                          \
  }

void reductions(runtime::Control& world) {
  const int n = world.size(), r = world.rank();
  const auto reducer = component::make_reducer(world);
  EXPECT(reducer->size() == n);
  const at::Tensor large = torch::full({3'000'000}, r + 1, at::kFloat), doubles = torch::full({2}, 0.5 + r, at::kDouble);
  std::vector<std::unique_ptr<component::PendingSum>> pending;
  for (const at::Tensor& tensor : {large, doubles, torch::empty({0})}) pending.push_back(reducer->sum(tensor));
  std::array<double, 2> values{static_cast<double>(r), 0.5};
  world.sum(values);  // behind the tensors, in the same queue
  EXPECT(world.least((std::int64_t{1} << 60) - r) == (std::int64_t{1} << 60) - (n - 1));
  for (const auto& one : pending) one->wait();
  EXPECT(large.eq(n * (n + 1) / 2).all().item<bool>());
  EXPECT(doubles.eq(0.5 * n + n * (n - 1) / 2).all().item<bool>());
  EXPECT((values == std::array<double, 2>{n * (n - 1) / 2.0, 0.5 * n}));
  EXPECT(world.broadcast_text("from " + std::to_string(r), n - 1) == "from " + std::to_string(n - 1));
  EXPECT(world.broadcast_text("", 0).empty());
  EXPECT(world.local_size() == n);
  EXPECT(world.local_rank() == r);
  EXPECT(world.meet(60));
  world.barrier();
}

/// All ranks but the first fail, each with an error of its own: all must throw rank 1's.
int agreement(runtime::Control& world) {
  world.agree(std::nullopt);
  EXPECT(world.first_failing_rank() == -1);
  try {
    world.agree_on([&] {
      if (world.rank() > 0) throw Error("InvalidDataset.no_images", {{"what", "dataset of rank " + std::to_string(world.rank())}});
    });
  } catch (const Error& error) {
    std::printf("rank %d: %s, first rank %d\n", world.rank(), error.what(), world.first_failing_rank());
    return error.exit_status();
  }
  return 0;
}

/// Rank 1 stops for good; the others must not wait for ever.
int stuck(runtime::Control& world) {
  world.barrier();
  if (world.rank() == 1) raise(SIGSTOP);
  try {
    world.barrier();
  } catch (const Error& error) {
    std::printf("rank %d: %s\n", world.rank(), error.what());
    std::fflush(stdout);
    EXPECT(!world.meet(60));  // at once: whoever waited in vain does not wait again
    world.abort(error.exit_status());
  }
  return 0;
}

/// Rank 1 fails alone while the others reduce: it must find out that they do not come, and end them all.
int alone(runtime::Control& world) {
  if (world.rank() == 1) {
    EXPECT(!world.meet(1));
    std::printf("rank 1: alone\n");
    std::fflush(stdout);
    world.abort(12);
  }
  world.barrier();
  return 0;
}

/// A reduction is under way when an exception passes: its buffer must stay whole until MPI is through with it.
int unwound(runtime::Control& world) {
  const auto reducer = component::make_reducer(world);
  for (int i = 0; i < 20; ++i) {
    try {
      const at::Tensor large = torch::ones({2'000'000});
      const auto pending = reducer->sum(large);
      throw std::runtime_error("an exception passes");
    } catch (const std::runtime_error&) {
    }
  }
  world.barrier();
  return 0;
}

/// Ranks that come to different calls, a large one over a small one among them, hear of it and stay whole.
int out_of_step(runtime::Control& world) {
  const auto reducer = component::make_reducer(world);
  at::Tensor large = torch::ones({2'000'000});
  const auto sum = world.rank() == 1 ? nullptr : reducer->sum(large);
  const auto next = world.rank() == 1 ? nullptr : reducer->sum(large);
  int status = 0;
  try {
    sum ? sum->wait() : static_cast<void>(world.least(3));
  } catch (const Error& error) {
    std::printf("%s\n", error.what());
    status = error.exit_status();
  }
  EXPECT(large.eq(1).all().item<bool>());
  try {
    next ? next->wait() : world.barrier();
    EXPECT(false);
  } catch (const Error&) {  // nothing goes on from there
  }
  EXPECT(world.meet(60));
  return status;
}

/// Rank 1 stops for good while several sums of the others are under way: one time-out, and what is left is let go.
[[noreturn]] void stuck_sums(runtime::Control& world) {
  world.barrier();
  if (world.rank() == 1) raise(SIGSTOP);
  const auto reducer = component::make_reducer(world);
  {
    std::vector<std::unique_ptr<component::PendingSum>> pending;
    for (int i = 0; i < 10; ++i) pending.push_back(reducer->sum(torch::ones({1000})));
    for (const auto& one : pending) {
      try {
        one->wait();
        EXPECT(false);
      } catch (const Error& error) {
        if (one == pending.front()) std::printf("%s\n", error.what());
      }
    }
  }
  std::fflush(stdout);
  const runtime::Stand now = runtime::standing().now();
  EXPECT(now.waits() && now.operation_text() == "all-reduce number 2");
  EXPECT(world.seconds_waited() > 0);
  world.abort(13);
}

/// One rank's weights are changed behind its back: by one bit, in the last tensor.
int replicas(runtime::Control& world, int guilty) {
  const models::Classifier network = models::make_classifier(test::model_spec("resnet18"), 3, 1);
  component::check_replicas(*network, 1, world);
  if (world.rank() == guilty) *static_cast<std::uint32_t*>(network->parameters().back().mutable_data_ptr()) ^= 0x80000000U;
  try {
    component::check_replicas(*network, 2, world);
  } catch (const Error& error) {
    std::printf("%s; first rank %d\n", error.what(), world.first_failing_rank());
    return error.exit_status();
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  const auto launched = runtime::launched_as();
  if (name == "mismatch") {
    try {
      component::MpiControl world(launched->size + 1, {.call = 60});
    } catch (const Error& error) {
      std::printf("%s\n", error.what());
      return error.exit_status();
    }
    return 0;
  }
  std::unique_ptr<runtime::Control> world;
  if (name == "end") {  // rank 1 stops for good on the last stretch
    component::MpiControl last(launched->size, {.call = 60, .end = 2, .at_end = [] { write(STDOUT_FILENO, "too long\n", 9); }});
    last.barrier();
    if (last.rank() == 1) raise(SIGSTOP);
    return 0;
  }
  if (launched) {
    world = std::make_unique<component::MpiControl>(launched->size,
                                                    component::Patience{.call = name.starts_with("stuck") ? 2.0 : 60.0});
  } else {
    world = component::join_world(launched, {.call = 60});
  }
  if (name == "reductions") reductions(*world);
  if (name == "agreement") return agreement(*world);
  if (name == "stuck") return stuck(*world);
  if (name == "alone") return alone(*world);
  if (name == "out_of_step") return out_of_step(*world);
  if (name == "stuck_sums") stuck_sums(*world);
  if (name == "replicas") return replicas(*world, std::atoi(argv[2]));
  if (name == "unwound") return unwound(*world);
  return 0;
}
