// Where a run stands, for the verdict should it fail. Said by the trainer on every rank; read by the worker.
#pragma once
#include <atomic>
#include <cstdint>
#include <string>

namespace torchport::runtime {

class Position {
 public:
  /// The step that begins now; both are counted from 1.
  void at(std::int64_t epoch, std::int64_t step) {
    epoch_ = epoch;
    step_ = step;
  }
  /// "<epoch>.<step>", or "-" before the first.
  std::string text() const { return epoch_ == 0 ? "-" : std::to_string(epoch_) + "." + std::to_string(step_); }

 private:
  std::atomic<std::int64_t> epoch_ = 0, step_ = 0;  // read by another thread where a signal ends the run
};

}  // namespace torchport::runtime
