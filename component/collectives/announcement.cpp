#include "component/collectives/announcement.h"

#include <algorithm>
#include <array>
#include <vector>

#include "component/collectives/mpi_calls.h"
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
  const mpi::Calls& mpi = mpi::calls();
  const auto what = static_cast<std::int64_t>(mine.what);
  // The greatest of a number and of its opposite are opposites only where all ranks have the same number.
  std::array<std::int64_t, 6> greatest = {what, mine.bytes, mine.how, -what, -mine.bytes, -mine.how};
  int result = mpi.all_reduce(greatest.data(), static_cast<int>(greatest.size()), mpi::Number::int64, mpi::Reduction::greatest,
                              communicator);
  if (result != mpi::kSuccess) return result;
  if (greatest[0] == -greatest[3] && greatest[1] == -greatest[4] && greatest[2] == -greatest[5]) return result;

  std::vector<Told> all(static_cast<std::size_t>(mpi.size(communicator)));
  Told told{mine, {}};
  runtime::host_name().copy(told.host.data(), told.host.size() - 1);
  result = mpi.all_gather(&told, sizeof told, all.data(), communicator);
  if (result != mpi::kSuccess) return result;
  const auto other =
      std::find_if(all.begin(), all.end(), [&](const Told& one) { return !equal(one.announcement, all.front().announcement); });
  mismatch = {in_words(0, all.front()), in_words(static_cast<std::size_t>(other - all.begin()), *other)};
  return result;
}

}  // namespace torchport::component
