// Whether all ranks were given the same: what decides on a result is compared before anything is computed, and what differs is
// named with its ranks and hosts. Called by the worker for the request, and by distributed components for their inputs.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/control.h"
#include "runtime/request/request.h"

namespace torchport::runtime {

/// Something that must be the same on all ranks.
struct Fact {
  std::string error;  ///< what a difference is: a key of spec/errors.yaml whose fields are difference and path
  std::string what;   ///< its name in a sentence, e.g. "--batch-size"
  std::string value;
  std::string path{};  ///< where it was read, on this rank
};

/// Program, component, all parameters, and those run settings that change a result.
std::vector<Fact> facts_of(const Request& request);

/// \throws Error or Errors where a rank's facts differ from those of rank 0, e.g. FailedToCompleteOperation.unequal: the same on
/// all ranks, which blame that rank
void check_equal(Control& control, const std::vector<Fact>& facts);

/// A list too long to be sent: the first entry that differs is looked for, in steps that halve it.
struct FactList {
  std::string error, what, path;
  std::size_t size = 0;                                 ///< already found to be the same on all ranks
  std::function<std::uint64_t(std::size_t)> hash;       ///< of an entry; asked once, in order
  std::function<std::string(std::size_t)> description;  ///< of an entry
};
/// \throws Error as check_equal does
void check_equal(Control& control, const FactList& list);

/// The first rank whose `value` is not that of rank 0, or -1.
int first_unequal(Control& control, std::uint64_t value);

/// Of bytes, on machines of one byte order; finds accidents, not forgeries.
std::uint64_t hash_of(std::string_view bytes, std::uint64_t seed = 0);

}  // namespace torchport::runtime
