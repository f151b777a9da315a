#include "tests/support/fake_plugin/fake_nccl.h"

#define OMPI_SKIP_MPICXX 1
#include <mpi.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <vector>

#include "tests/support/fake_cuda_graph.h"
#include "tests/support/fake_cuda_memory.h"
#include "tests/support/fake_plugin/settings.h"

namespace torchport::test::fake_plugin {
namespace {

constexpr int kFailed = 1;
std::string words;  // NCCL's last ones

struct Communicator {
  MPI_Comm of_mpi = MPI_COMM_NULL;
  MPI_Request made = MPI_REQUEST_NULL;
  int sums = 0;
  bool failed = false, stands = false;
  bool alone = false;  // of one rank: a program that is no MPI's may have it
};
Communicator& of(void* communicator) { return *static_cast<Communicator*>(communicator); }

void log(const std::string& line) {
  const char* const file = std::getenv("NCCL_DEBUG_FILE");
  if (file != nullptr) std::ofstream(file, std::ios::app) << "host:1:1 [0] NCCL " << line << "\n";
}

[[noreturn]] void never_return() {
  for (;;) pause();
}

int fail(const std::string& reason, const std::string& last_words) {
  last_error() = reason;
  words = last_words;
  log("WARN " + last_words);
  return kFailed;
}

int version(int* version) {
  *version = number("nccl", 22809);
  return 0;
}

int unique_id(char*) {
  const std::string interface = setting("interface", "");
  if (!interface.empty()) return fail("invalid usage", "Bootstrap : no socket interface found");
  log("INFO Bootstrap: Using lo:127.0.0.1<0>");
  return 0;
}

int init(void** communicator, int size, const char*, int) {
  const std::string how = setting("init", "");
  if (how == "never") never_return();
  auto* const made = new Communicator;
  *communicator = made;
  if (how == "fails") return fail("unhandled system error", "Call to connect returned Connection refused");
  made->alone = size == 1;
  if (made->alone) return 0;
  if (how != "hangs") MPI_Comm_idup(MPI_COMM_WORLD, &made->of_mpi, &made->made);
  return cuda::kNcclInProgress;
}

int async_error(void* communicator) {
  Communicator& c = of(communicator);
  if (c.alone) return 0;
  if (c.failed) return fail("remote process exited or there was a network error", "NET/Socket : Connection reset by peer");
  if (c.of_mpi == MPI_COMM_NULL && c.made == MPI_REQUEST_NULL) return cuda::kNcclInProgress;
  int done = 1;
  if (c.made != MPI_REQUEST_NULL) MPI_Test(&c.made, &done, MPI_STATUS_IGNORE);
  if (done && c.sums == 0) log("INFO Channel 00/0 : 0[0] -> 1[1] via P2P/fake");
  return done ? 0 : cuda::kNcclInProgress;
}

/// Whether all ranks come with `bytes`.
bool all_come_with(Communicator& c, std::int64_t bytes) {
  std::int64_t range[2] = {bytes, -bytes};
  MPI_Allreduce(MPI_IN_PLACE, range, 2, MPI_INT64_T, MPI_MAX, c.of_mpi);
  return range[0] == -range[1];
}

/// The tensor of the device that begins at `data`.
at::Tensor on_device(void* data, std::size_t count, at::ScalarType type) {
  const auto bytes = count * c10::elementSize(type);
  auto storage = c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), bytes,
                                                       c10::DataPtr(data, c10::Device(c10::kCUDA, 0)), nullptr, false);
  at::Tensor tensor = at::detail::make_tensor<c10::TensorImpl>(
      c10::Storage(std::move(storage)), c10::DispatchKeySet(c10::DispatchKey::CUDA), c10::scalarTypeToTypeMeta(type));
  tensor.unsafeGetTensorImpl()->set_sizes_contiguous(static_cast<std::int64_t>(count));
  return tensor;
}

/// One sum, on this thread's stream.
void sum(Communicator& c, void* data, std::size_t count, at::ScalarType scalar) {
  const std::string which = std::to_string(++c.sums), how = setting("all_reduce", "");
  if (how == "fails:" + which) {
    c.failed = true;
    return fake_cuda::stand_still();
  }
  c.stands = c.stands || how == "stands:" + which;
  if (how == "never:" + which) never_return();
  if (!c.stands)
    c.stands = !all_come_with(c, static_cast<std::int64_t>(count * c10::elementSize(scalar)));  // NCCL would hang, or worse
  if (c.stands) return fake_cuda::stand_still();
  fake_cuda::Work work("ncclAllReduce");
  const at::Tensor host = work.host(on_device(data, count, scalar), fake_cuda::Use::write);
  MPI_Allreduce(MPI_IN_PLACE, host.mutable_data_ptr(), static_cast<int>(count), scalar == at::kFloat ? MPI_FLOAT : MPI_DOUBLE,
                MPI_SUM, c.of_mpi);
}

/// While work is recorded, ranks exchange nothing.
int all_reduce(void* data, std::size_t count, cuda::NcclType type, void* communicator, void* stream) {
  if (of(communicator).alone) return 0;
  if (type == cuda::NcclType::bfloat16) return fail("invalid argument", "the fake sums no bfloat16");
  const auto scalar = type == cuda::NcclType::float32 ? at::kFloat : at::kDouble;
  const auto now = [&c = of(communicator), data, count, scalar] { sum(c, data, count, scalar); };
  const auto before = fake_cuda::exchange_stream(reinterpret_cast<c10::StreamId>(stream));
  if (fake_cuda::recording()) {
    fake_cuda::Work("ncclAllReduce").host(on_device(data, count, scalar), fake_cuda::Use::write);
    fake_cuda::record(now);
  } else {
    now();
  }
  fake_cuda::exchange_stream(before);
  return 0;
}

int broadcast(void*, std::size_t, int, void*, void*) { return fail("invalid usage", "the fake broadcasts nothing"); }

int abort(void*) {
  log("INFO abort");
  if (setting("abort", "") == "hangs") never_return();
  return 0;
}

const char* last_words() { return words.c_str(); }

}  // namespace

cuda::Nccl nccl() { return {version, unique_id, init, async_error, all_reduce, broadcast, abort, last_words}; }

}  // namespace torchport::test::fake_plugin
