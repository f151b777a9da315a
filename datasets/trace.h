// A named piece of work on one thread, seen by whoever observes LibTorch's operators (at::RecordFunction), such as --profile.
// Without an observer it costs some 25 ns. Used by the loader, the trainer and the collectives.
#pragma once
#include <ATen/record_function.h>

#include <cstdint>

namespace torchport::datasets {

/// Lasts from its construction to end(), or to its destruction.
class Span {
 public:
  /// `bytes` are what the piece of work goes over; they ride in the record's sequence number, which only operators use. -1: not
  /// told.
  explicit Span(const char* name, std::int64_t bytes = -1) : record_(at::RecordScope::USER_SCOPE) {
    if (record_.isActive()) record_.before(std::string_view(name), bytes);
  }
  void end() { record_.end(); }

 private:
  at::RecordFunction record_;
};

}  // namespace torchport::datasets
