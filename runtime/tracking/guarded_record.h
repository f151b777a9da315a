// A record for another tool that a run can do without. Used by sinks.
#pragma once
#include <exception>
#include <string>
#include <utility>

#include "runtime/report/log.h"

namespace torchport::runtime {

/// Does what writes it. What goes wrong ends the record with a warning, and not the run: hours of training are worth more.
class GuardedRecord {
 public:
  /// `tool`: who reads it. `log`: may be null
  GuardedRecord(std::string tool, Log* log) : tool_(std::move(tool)), log_(log) {}
  template <class Action>
  void operator()(Action&& action) {
    if (broken_) return;
    try {
      action();
    } catch (const std::exception& fault) {
      broken_ = true;
      if (log_) log_->warning("The record for " + tool_ + " ends here: " + fault.what());
    }
  }

 private:
  std::string tool_;
  Log* log_;
  bool broken_ = false;
};

}  // namespace torchport::runtime
