// Who has come to a call that MPI does not make itself: asked of the ranks, beside that call, when it does not end. Used by
// NcclReducer, and answered by MpiControl.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

namespace torchport::component {

/// What a rank is at in a series of such calls.
struct RollCall {
  std::int64_t number = 0, bytes = 0;
};

class Roll {
 public:
  virtual ~Roll() = default;
  /// How long other ranks are waited for in each call, in seconds.
  virtual double patience() const = 0;
  /// Each rank's answer, where it is asked the same within `seconds`, this rank's own included. Once for all.
  virtual std::vector<std::optional<RollCall>> roll_call(const RollCall& mine, double seconds) = 0;
};

}  // namespace torchport::component
