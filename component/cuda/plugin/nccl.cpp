// NCCL, called as it is.
#include "component/cuda/plugin/nccl.h"

#include <cuda_runtime.h>
#include <nccl.h>

#include <cstring>

#include "component/cuda/plugin/last_error.h"

namespace torchport::cuda {
namespace {

static_assert(kNcclIdBytes == NCCL_UNIQUE_ID_BYTES);
static_assert(kNcclInProgress == ncclInProgress);

ncclComm_t of(void* communicator) { return static_cast<ncclComm_t>(communicator); }

int told(ncclResult_t result) {
  last_error() = result == ncclSuccess || result == ncclInProgress ? "" : ncclGetErrorString(result);
  return result;
}

ncclDataType_t type_of(NcclType type) {
  switch (type) {
    case NcclType::float32:
      return ncclFloat32;
    case NcclType::float64:
      return ncclFloat64;
    case NcclType::bfloat16:
      return ncclBfloat16;
  }
  return ncclNumTypes;  // NCCL refuses it
}

int version(int* version) { return told(ncclGetVersion(version)); }

int unique_id(char id[kNcclIdBytes]) {
  ncclUniqueId unique;
  const int result = told(ncclGetUniqueId(&unique));
  std::memcpy(id, unique.internal, kNcclIdBytes);
  return result;
}

int init(void** communicator, int size, const char id[kNcclIdBytes], int rank) {
  ncclUniqueId unique;
  std::memcpy(unique.internal, id, kNcclIdBytes);
  ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
  config.blocking = 0;
  ncclComm_t made = nullptr;
  const int result = told(ncclCommInitRankConfig(&made, size, unique, rank, &config));
  *communicator = made;
  return result;
}

int async_error(void* communicator) {
  ncclResult_t state = ncclSuccess;
  const ncclResult_t result = ncclCommGetAsyncError(of(communicator), &state);
  return told(result == ncclSuccess ? state : result);
}

int all_reduce(void* data, std::size_t count, NcclType type, void* communicator, void* stream) {
  return told(ncclAllReduce(data, data, count, type_of(type), ncclSum, of(communicator), static_cast<cudaStream_t>(stream)));
}

int broadcast(void* data, std::size_t bytes, int root, void* communicator, void* stream) {
  return told(ncclBroadcast(data, data, bytes, ncclInt8, root, of(communicator), static_cast<cudaStream_t>(stream)));
}

int abort(void* communicator) { return told(ncclCommAbort(of(communicator))); }

const char* last_words() {
  const char* const words = ncclGetLastError(nullptr);
  return words != nullptr ? words : "";
}

}  // namespace

Nccl nccl() { return {version, unique_id, init, async_error, all_reduce, broadcast, abort, last_words}; }

}  // namespace torchport::cuda
