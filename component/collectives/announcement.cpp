#include "component/collectives/announcement.h"

#define OMPI_SKIP_MPICXX 1  // the C++ bindings are gone from MPI and need a library of their own
#include <mpi.h>

#include <algorithm>
#include <array>
#include <vector>

#include "runtime/host_name.h"

namespace torchport::component {
namespace {

/// What is gathered from each rank where they differ.
struct Told {
  Announcement announcement;
  std::array<char, 64> host;
};

bool equal(const Announcement& a, const Announcement& b) { return a.what == b.what && a.bytes == b.bytes && a.how == b.how; }

std::string in_words(std::size_t rank, const Told& told) {
  std::string text = "rank " + std::to_string(rank) + " (host " + told.host.data() + ") came to " + name_of(told.announcement.what);
  if (told.announcement.what == Collective::broadcast) text += " from rank " + std::to_string(told.announcement.how);
  return text + " of " + std::to_string(told.announcement.bytes) + " bytes";
}

}  // namespace

const char* name_of(Collective collective) {
  switch (collective) {
    case Collective::broadcast:
      return "broadcast";
    case Collective::all_reduce:
      return "all-reduce";
    case Collective::agreement:
      return "agreement";
    case Collective::barrier:
      return "barrier";
  }
  return "unknown call";  // of another version's rank
}

int announce(void* communicator, const Announcement& mine, std::optional<Mismatch>& mismatch) {
  auto* const comm = static_cast<MPI_Comm>(communicator);
  const auto what = static_cast<std::int64_t>(mine.what);
  // The greatest of a number and of its opposite are opposites only where all ranks have the same number.
  std::array<std::int64_t, 6> greatest = {what, mine.bytes, mine.how, -what, -mine.bytes, -mine.how};
  int result = MPI_Allreduce(MPI_IN_PLACE, greatest.data(), static_cast<int>(greatest.size()), MPI_INT64_T, MPI_MAX, comm);
  if (result != MPI_SUCCESS) return result;
  if (greatest[0] == -greatest[3] && greatest[1] == -greatest[4] && greatest[2] == -greatest[5]) return result;

  int size = 0;
  MPI_Comm_size(comm, &size);
  std::vector<Told> all(static_cast<std::size_t>(size));
  Told told{mine, {}};
  runtime::host_name().copy(told.host.data(), told.host.size() - 1);
  result = MPI_Allgather(&told, sizeof told, MPI_BYTE, all.data(), sizeof told, MPI_BYTE, comm);
  if (result != MPI_SUCCESS) return result;
  const auto other =
      std::find_if(all.begin(), all.end(), [&](const Told& one) { return !equal(one.announcement, all.front().announcement); });
  mismatch = {in_words(0, all.front()), in_words(static_cast<std::size_t>(other - all.begin()), *other)};
  return result;
}

}  // namespace torchport::component
