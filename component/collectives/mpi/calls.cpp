// The module torchport-mpi.so: the table of mpi_module.h on the MPI that it is linked with.
#define OMPI_SKIP_MPICXX 1  // the C++ bindings are gone from MPI and need a library of their own
#include <mpi.h>

#include <array>
#include <cstdio>
#include <type_traits>

#include "component/collectives/mpi_module.h"

extern "C" {
extern const int torchport_module_version;
const int torchport_module_version = torchport::component::mpi::kVersion;
}

namespace torchport::component::mpi {
namespace {

static_assert(std::is_pointer_v<MPI_Comm> && std::is_pointer_v<MPI_Request>, "built for Open MPI, whose handles are pointers");
static_assert(kSuccess == MPI_SUCCESS);

MPI_Comm of(Comm comm) { return static_cast<MPI_Comm>(comm); }

MPI_Datatype type_of(Number number) {
  return number == Number::int64 ? MPI_INT64_T : number == Number::float32 ? MPI_FLOAT : MPI_DOUBLE;
}

MPI_Op operation_of(Reduction reduction) {
  return reduction == Reduction::sum ? MPI_SUM : reduction == Reduction::least ? MPI_MIN : MPI_MAX;
}

void library_version(char* text, std::size_t room) {
  std::array<char, MPI_MAX_LIBRARY_VERSION_STRING> whole{};
  int length = 0;
  MPI_Get_library_version(whole.data(), &length);
  std::snprintf(text, room, "%s", whole.data());
}

void error_text(int code, char* text, std::size_t room) {
  std::array<char, MPI_MAX_ERROR_STRING> whole{};
  int length = 0;
  MPI_Error_string(code, whole.data(), &length);
  std::snprintf(text, room, "%s", whole.data());
}

bool init() {
  int provided = 0;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &provided);
  return provided >= MPI_THREAD_MULTIPLE;
}

int rank(Comm comm) {
  int rank = 0;
  MPI_Comm_rank(of(comm), &rank);
  return rank;
}

int size(Comm comm) {
  int size = 0;
  MPI_Comm_size(of(comm), &size);
  return size;
}

Comm neighbours() {
  MPI_Comm local = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank(MPI_COMM_WORLD), MPI_INFO_NULL, &local);
  return local;
}

Comm copy_of_world() {
  MPI_Comm copy = MPI_COMM_NULL;
  MPI_Comm_dup(MPI_COMM_WORLD, &copy);
  MPI_Comm_set_errhandler(copy, MPI_ERRORS_RETURN);
  return copy;
}

void release(Comm comm) {
  MPI_Comm released = of(comm);
  MPI_Comm_free(&released);
}

Request begin_barrier(Comm comm) {
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ibarrier(of(comm), &request);
  return request;
}

void send(const std::int64_t* data, int count, int to, Comm comm) {
  MPI_Request sent = MPI_REQUEST_NULL;
  MPI_Isend(data, count, MPI_INT64_T, to, 0, of(comm), &sent);
  MPI_Request_free(&sent);
}

Request begin_receive(std::int64_t* data, int count, int from, Comm comm) {
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Irecv(data, count, MPI_INT64_T, from, 0, of(comm), &request);
  return request;
}

bool ended(Request& request) {
  auto pending = static_cast<MPI_Request>(request);
  int done = 0;
  MPI_Test(&pending, &done, MPI_STATUS_IGNORE);
  request = pending;
  return done != 0;
}

}  // namespace

const Calls* torchport_mpi_calls() {
  static const Calls calls = {
      .library_version = library_version,
      .error_text = error_text,
      .init = init,
      .finalize = [] { MPI_Finalize(); },
      .abort = [](int exit_status) { MPI_Abort(MPI_COMM_WORLD, exit_status); },
      .world = []() -> Comm { return MPI_COMM_WORLD; },
      .rank = rank,
      .size = size,
      .neighbours = neighbours,
      .copy_of_world = copy_of_world,
      .release = release,
      .broadcast = [](void* data, int bytes, int root, Comm comm) { return MPI_Bcast(data, bytes, MPI_BYTE, root, of(comm)); },
      .all_reduce =
          [](void* data, int count, Number number, Reduction reduction, Comm comm) {
            return MPI_Allreduce(MPI_IN_PLACE, data, count, type_of(number), operation_of(reduction), of(comm));
          },
      .all_gather = [](const void* mine, int bytes, void* all,
                       Comm comm) { return MPI_Allgather(mine, bytes, MPI_BYTE, all, bytes, MPI_BYTE, of(comm)); },
      .barrier = [](Comm comm) { return MPI_Barrier(of(comm)); },
      .begin_barrier = begin_barrier,
      .send = send,
      .begin_receive = begin_receive,
      .ended = ended,
  };
  return &calls;
}

}  // namespace torchport::component::mpi
