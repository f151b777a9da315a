// What ranks that are about to use NCCL have, and what is wrong with it: each row of what users hit, from made-up facts.
#include "component/collectives/gpu_facts.h"

#include "tests/support/catch.h"

using namespace torchport;
using component::GpuFacts;

namespace {

/// Two machines with two processes, each of which sees both GPUs of its machine.
std::vector<GpuFacts> good() {
  std::vector<GpuFacts> all;
  for (int rank = 0; rank < 4; ++rank) {
    GpuFacts of;
    of.rank = rank;
    of.host = rank < 2 ? "a" : "b";
    of.visible = 2;
    of.bus_id = "0000:0" + std::to_string(rank % 2) + ":00.0";
    of.gpu = "NVIDIA H200, compute capability 9.0";
    of.driver = "CUDA 13.0";
    of.nccl = "2.28.9";
    of.libtorch = "2.11.0";
    of.shared_memory = std::int64_t{64} << 20;
    all.push_back(of);
  }
  return all;
}

std::string first_fault(const std::vector<GpuFacts>& all) {
  const auto faults = component::faults_of(all);
  for (const auto& fault : faults) CHECK(fault.exit_status() == 14);
  return faults.empty() ? "" : faults.front().what();
}

}  // namespace

TEST_CASE("gpu facts: equal machines with a GPU for each process are well", "[gpu_facts]") {
  CHECK(first_fault(good()).empty());
  CHECK(component::warnings_of(good()).empty());
  CHECK(first_fault({GpuFacts{}}).empty());  // one process: no NCCL
}

TEST_CASE("gpu facts: a process takes the GPU of its number, or the only one that it sees", "[gpu_facts]") {
  CHECK(component::gpu_of(8, 3) == 3);
  CHECK(component::gpu_of(1, 3) == 0);
}

TEST_CASE("gpu facts: more processes than GPUs are refused with both counts", "[gpu_facts]") {
  auto all = good();
  all[2].visible = all[3].visible = 1;
  all[3].bus_id = all[2].bus_id;
  CHECK(first_fault(all) == "the 2 processes of b see 1 GPU, and each needs one of its own");
  CHECK(component::faults_of(all).front().hint().find("Start at most 1 on b") == 0);
}

TEST_CASE("gpu facts: two processes of one GPU are named", "[gpu_facts]") {
  auto all = good();
  all[3].bus_id = all[2].bus_id;
  CHECK(first_fault(all) == "rank 2 and rank 3 have the same GPU 0000:00:00.0 of b, and NCCL refuses that");
  all = good();
  for (auto& of : all) of.host = of.rank == 0 ? "a" : "b" + std::to_string(of.rank);
  CHECK(first_fault(all).empty());  // the same bus of other machines
}

TEST_CASE("gpu facts: slices and GPUs of different kinds are refused", "[gpu_facts]") {
  auto all = good();
  all[1].slice = true;
  all[1].gpu = "NVIDIA H200 MIG 1g.18gb, compute capability 9.0";
  CHECK(first_fault(all) ==
        "rank 1 (host a) has a slice of a GPU (NVIDIA H200 MIG 1g.18gb, compute capability 9.0), and slices cannot "
        "train together");
  all = good();
  all[3].gpu = "NVIDIA A100, compute capability 8.0";
  CHECK(first_fault(all) ==
        "the GPUs are of different kinds: rank 3 (host b) has NVIDIA A100, compute capability 8.0, most others "
        "NVIDIA H200, compute capability 9.0");
}

TEST_CASE("gpu facts: the odd driver, NCCL and LibTorch are named", "[gpu_facts]") {
  auto all = good();
  all[0].driver = "CUDA 12.8";
  CHECK(first_fault(all) == "the processes do not have the same driver: rank 0 (host a) has CUDA 12.8, most others CUDA 13.0");
  all = good();
  all[2].nccl = all[3].nccl = "2.27.0";
  CHECK(first_fault(all) == "the processes do not have the same NCCL: rank 2 (host b) has 2.27.0, most others 2.28.9");
  all = good();
  all[1].libtorch = "2.12.0";
  CHECK(first_fault(all) == "the processes do not have the same LibTorch: rank 1 (host a) has 2.12.0, most others 2.11.0");
}

TEST_CASE("gpu facts: a /dev/shm too small for NCCL is refused with what it needs", "[gpu_facts]") {
  auto all = good();
  all[2].shared_memory = all[3].shared_memory = (std::int64_t{64} << 20) - 1;
  CHECK(first_fault(all) == "/dev/shm of b has 63 MiB free, but NCCL needs 64 MiB for 2 processes");
}

TEST_CASE("gpu facts: one visible GPU for each of several processes is warned of", "[gpu_facts]") {
  auto all = good();
  for (auto& of : all) of.visible = 1;
  CHECK(first_fault(all).empty());
  REQUIRE(component::warnings_of(all).size() == 2);
  CHECK(component::warnings_of(all).front() ==
        "Each of the 2 processes of a sees one GPU only, so that NCCL may fail to copy between them directly: let each see all of "
        "them, as Slurm does with --gres=gpu:2 and --gpu-bind=none.");
}
