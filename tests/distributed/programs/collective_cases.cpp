// The collective on several ranks, driven by collective_test.py. usage (under mpirun or alone): collective_cases CASE
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <numeric>

#include "component/collectives/mpi.h"
#include "runtime/launch/launched_as.h"

using namespace torchport;
using runtime::DataType;
using runtime::Error;
using runtime::Reduction;

namespace {

#define EXPECT(condition)                                                                    \
  if (!(condition)) {                                                                        \
    std::printf("rank %d: line %d: %s does not hold\n", world.rank(), __LINE__, #condition); \
    std::fflush(stdout);                                                                     \
    world.abort(1);                                                                          \
  }

void reductions(runtime::Collective& world) {
  const int n = world.size(), r = world.rank();
  std::vector<std::unique_ptr<runtime::PendingReduce>> pending;
  std::vector<float> large(3'000'000, static_cast<float>(r + 1));
  std::vector<double> doubles{static_cast<double>(r), 0.5};
  std::int64_t least = 100 - r, most = (std::int64_t{1} << 60) + r;
  pending.push_back(world.all_reduce_async(large.data(), large.size(), DataType::float32, Reduction::sum));
  pending.push_back(world.all_reduce_async(doubles.data(), doubles.size(), DataType::float64, Reduction::sum));
  pending.push_back(world.all_reduce_async(&least, 1, DataType::int64, Reduction::min));
  pending.push_back(world.all_reduce_async(&most, 1, DataType::int64, Reduction::max));
  pending.push_back(world.all_reduce_async(nullptr, 0, DataType::float32, Reduction::sum));
  for (const auto& one : pending) one->wait();
  EXPECT(std::all_of(large.begin(), large.end(), [&](float value) { return value == static_cast<float>(n * (n + 1) / 2); }));
  EXPECT(doubles[0] == n * (n - 1) / 2);
  EXPECT(doubles[1] == 0.5 * n);
  EXPECT(least == 100 - (n - 1));
  EXPECT(most == (std::int64_t{1} << 60) + n - 1);
  EXPECT(world.broadcast_text("from " + std::to_string(r), n - 1) == "from " + std::to_string(n - 1));
  EXPECT(world.broadcast_text("", 0).empty());
  EXPECT(world.local_size() == n);
  EXPECT(world.local_rank() == r);
  EXPECT(world.meet(60));
  world.barrier();
}

/// All ranks but the first fail, each with an error of its own: all must throw rank 1's.
int agreement(runtime::Collective& world) {
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
int stuck(runtime::Collective& world) {
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
int alone(runtime::Collective& world) {
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
int unwound(runtime::Collective& world) {
  for (int i = 0; i < 20; ++i) {
    try {
      std::vector<float> large(2'000'000, 1.0F);
      const auto pending = world.all_reduce_async(large.data(), large.size(), DataType::float32, Reduction::sum);
      throw std::runtime_error("an exception passes");
    } catch (const std::runtime_error&) {
    }
  }
  world.barrier();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "";
  const auto launched = runtime::launched_as();
  if (name == "mismatch") {
    try {
      component::MpiCollective world(launched->size + 1, /*timeout=*/60);
    } catch (const Error& error) {
      std::printf("%s\n", error.what());
      return error.exit_status();
    }
    return 0;
  }
  std::unique_ptr<runtime::Collective> world;
  if (launched) {
    world = std::make_unique<component::MpiCollective>(launched->size, /*timeout=*/name == "stuck" ? 2 : 60);
  } else {
    world = component::join_world(launched, /*timeout=*/60);
  }
  if (name == "reductions") reductions(*world);
  if (name == "agreement") return agreement(*world);
  if (name == "stuck") return stuck(*world);
  if (name == "alone") return alone(*world);
  if (name == "unwound") return unwound(*world);
  return 0;
}
