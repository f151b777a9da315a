// What the module torchport-mpi.so, which alone is linked with MPI, offers: MPI's calls without MPI's types. A process that has no
// other ranks does without MPI on its machine. Filled by mpi/calls.cpp, loaded by mpi_calls.h.
#pragma once
#include <cstddef>
#include <cstdint>

namespace torchport::component::mpi {

/// The module's interface; to be raised with each change of what follows.
inline constexpr int kVersion = 1;
inline constexpr int kSuccess = 0;  ///< MPI_SUCCESS, which the standard says is 0

using Comm = void*;     ///< an MPI_Comm
using Request = void*;  ///< an MPI_Request
enum class Number : int { int64, float32, float64 };
enum class Reduction : int { sum, least, greatest };

/// An `int` that is returned is MPI's code.
struct Calls {
  void (*library_version)(char* text, std::size_t room);
  void (*error_text)(int code, char* text, std::size_t room);
  /// False where this MPI does not serve several threads at once (MPI_THREAD_MULTIPLE).
  bool (*init)();
  void (*finalize)();
  void (*abort)(int exit_status);

  Comm (*world)();
  int (*rank)(Comm);
  int (*size)(Comm);
  /// Those of the world on this host, in the order of their ranks there.
  Comm (*neighbours)();
  /// Its errors are returned, not fatal.
  Comm (*copy_of_world)();
  void (*release)(Comm);

  int (*broadcast)(void* data, int bytes, int root, Comm);
  /// In place.
  int (*all_reduce)(void* data, int count, Number, Reduction, Comm);
  /// `all` has room for `bytes` of each rank.
  int (*all_gather)(const void* mine, int bytes, void* all, Comm);
  int (*barrier)(Comm);
  Request (*begin_barrier)(Comm);
  /// Nobody learns when it has ended: `data` must stay.
  void (*send)(const std::int64_t* data, int count, int to, Comm);
  Request (*begin_receive)(std::int64_t* data, int count, int from, Comm);
  bool (*ended)(Request&);
};

using CallsFunction = const Calls*();
extern "C" CallsFunction torchport_mpi_calls;

}  // namespace torchport::component::mpi
