// What each rank has that NCCL depends on, and what is wrong with it: found before the first collective call, where NCCL would hang
// or say "unhandled system error". Plain C++ over what ranks tell each other; used by component/training/choose_device.cpp.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/control.h"

namespace torchport::component {

struct GpuFacts {
  int rank = 0;
  std::string host;
  int visible = 0;     ///< GPUs that this process sees
  std::string bus_id;  ///< of the one that it takes, "" where it finds none
  std::string gpu;     ///< its name and compute capability
  bool slice = false;  ///< of a GPU that is divided (MIG)
  std::string driver, nccl, libtorch;
  std::int64_t shared_memory = 0;  ///< bytes that are free in /dev/shm
};

/// Of the GPUs that a process sees, the one that the process number `local_rank` of its machine takes: launchers show each process
/// all, or its own one.
int gpu_of(int visible, int local_rank);

/// Those of all ranks, by rank.
std::vector<GpuFacts> gathered(const GpuFacts& mine, runtime::Control& control);

/// FailedToCompleteOperation.few_gpus, same_gpu, gpu_slice, gpus_differ, gpu_versions, shared_memory: each once a machine at most,
/// in the order of ranks.
std::vector<runtime::Error> faults_of(const std::vector<GpuFacts>& all);
/// What may be slow or fail.
std::vector<std::string> warnings_of(const std::vector<GpuFacts>& all);

}  // namespace torchport::component
