// What the module torchport-cuda.so offers to the worker: one table of plain functions, so that the worker has no CUDA symbol and
// this header needs no CUDA header. Filled in by component/cuda/*.cpp there; read through component/cuda/module.h.
#pragma once
#include <cstddef>
#include <cstdint>

namespace torchport::models {
struct CudaKernels;  // models/nn/kernels/cuda/table.h
}

// Functions return 0 where it went well. Else Plugin::error() tells why, and nothing else has happened. A stream is what
// c10::Stream::native_handle() gives. All are called by any thread, none throws.
namespace torchport::cuda {

/// The interface's version: to be raised with each change of what follows, or of models/nn/kernels/cuda/table.h.
inline constexpr int kVersion = 2;

/// A GPU as the driver describes it.
struct Properties {
  char name[256] = "";
  char bus_id[32] = "";      ///< PCI, e.g. "0000:1b:00.0"
  int major = 0, minor = 0;  ///< compute capability
  int multiprocessors = 0;
  std::uint64_t memory = 0;  ///< bytes
  bool slice = false;        ///< of a GPU that is divided (MIG)
};

/// Bytes of a GPU, at one moment.
struct Memory {
  std::uint64_t total = 0, free = 0;  ///< as the driver counts: of all processes
  std::uint64_t used = 0;             ///< by tensors of this process
  std::uint64_t asked = 0;            ///< by the allocation that failed then; 0: none did
};

struct Devices {
  /// Of those that this process may see. An error where there is no driver, or too old a one.
  int (*count)(int* count);
  /// Versions of CUDA, e.g. 13000: the driver's (0: there is none), and that which LibTorch was built with.
  int (*versions)(int* driver, int* runtime);
  int (*properties)(int device, Properties* of);
  /// Makes it this process's one, and keeps an eye on its memory.
  int (*use)(int device);
  /// Of the one in use: when an allocation of this process last failed, as what it had may be free by now, else at this moment.
  int (*memory)(Memory* of);
};

/// Work of a device that is recorded once and then repeated. One thread at a time records.
struct Graphs {
  /// Records, instead of doing it, what this thread gives to its current stream, which is not the default one, until end(). Memory
  /// comes from a pool of the graph's own, or from that of `like`, where it is not null: then only one of the two is under way at a
  /// time, and the results of one do not outlive a replay of the other. Other threads may ask the device what they like meanwhile.
  int (*begin)(void** graph, void* like);
  /// Ends what begin() began; after an error there is no graph, and reset() is still due.
  int (*end)(void* graph);
  /// Does on the current stream what was recorded.
  int (*replay)(void* graph);
  void (*reset)(void* graph);
};

enum class NcclType : int { float32, float64, bfloat16 };
inline constexpr std::size_t kNcclIdBytes = 128;
/// Of the functions below where the call is still under way.
inline constexpr int kNcclInProgress = 7;

/// NCCL, as it is but for types and that communicators do not block: whoever starts a call asks async_error() whether it is over.
struct Nccl {
  /// E.g. 22809.
  int (*version)(int* version);
  int (*unique_id)(char id[kNcclIdBytes]);
  int (*init)(void** communicator, int size, const char id[kNcclIdBytes], int rank);
  /// The state of `communicator`: 0, kNcclInProgress, or the error.
  int (*async_error)(void* communicator);
  /// Sums over all ranks, in place.
  int (*all_reduce)(void* data, std::size_t count, NcclType type, void* communicator, void* stream);
  int (*broadcast)(void* data, std::size_t bytes, int root, void* communicator, void* stream);
  int (*abort)(void* communicator);
  /// NCCL's own last words in this process; never null.
  const char* (*last_error)();
};

struct Plugin {
  const char* libtorch;  ///< version that it was built with, e.g. "2.11.0"
  int least_capability;  ///< of a GPU that its kernels run on, e.g. 80 for 8.0
  /// Why the last call of this thread failed.
  const char* (*error)();
  Devices devices;
  Graphs graphs;
  Nccl nccl;
  const models::CudaKernels* kernels;  ///< never null
};

/// The module's one function; beside it, it has what runtime/module.h asks for.
using PluginFunction = const Plugin*();
extern "C" PluginFunction torchport_cuda_plugin;

}  // namespace torchport::cuda
