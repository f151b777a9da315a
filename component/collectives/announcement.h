// What a rank is about to do, told to all others before it does it: a message of fixed size ahead of each collective call. Ranks
// that have come to different calls find out here, where MPI would write one's bytes over the other's memory. Used by MpiQueue.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace torchport::component {

enum class Collective : std::int64_t { broadcast, all_reduce, agreement, barrier };

/// "all-reduce", for errors.
const char* name_of(Collective collective);

struct Announcement {
  Collective what;
  std::int64_t bytes = 0;  ///< on each rank
  std::int64_t how = 0;    ///< whatever else must be the same: a broadcast's root, a sum's type
};

/// Two ranks that did not announce the same, in words.
struct Mismatch {
  std::string one, other;  ///< e.g. "rank 0 (host a) came to all-reduce of 8 bytes"
};

/// Tells all ranks of `communicator` (an MPI_Comm) and hears from them; returns when all have announced something. Returns MPI's
/// code; `mismatch` is set on all ranks or on none.
int announce(void* communicator, const Announcement& mine, std::optional<Mismatch>& mismatch);

}  // namespace torchport::component
