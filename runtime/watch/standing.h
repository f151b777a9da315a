// Where this process stands: its phase, and the operation among all ranks that it has come to. Said by whoever works, with a few
// atomic stores; read by the rank's watch, which tells it to the watcher.
#pragma once
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/report/position.h"

namespace torchport::runtime {

/// What a rank is at. From `working` on it has its log.
enum class Phase : std::uint8_t { starting, checking, working, loading, training, validating, saving, failing, ending };

inline constexpr std::array<std::string_view, 9> kPhaseNames = {
    "starting", "checking the request", "working", "loading", "training", "validating", "saving", "failing", "ending"};

/// A copy of it at one moment, as it travels.
struct Stand {
  Phase phase = Phase::starting;
  std::string at = "-";                    ///< "<epoch>.<step>", as the FATAL line has it
  std::int64_t entered = 0, finished = 0;  ///< operations among all ranks that it has come to, and that have ended
  std::string operation;                   ///< the last that it came to, e.g. "all-reduce"
  std::int64_t number = 0;                 ///< of the operation, as errors count them; 0: it has none
  double waited = 0;                       ///< seconds since it came to it

  bool waits() const { return entered > finished; }
  /// "all-reduce number 7", or "MPI_Init".
  std::string operation_text() const;
  /// "training, epoch.step 1.3".
  std::string text() const;
};

class Standing {
 public:
  Position position;  ///< its epoch and step

  void enter(Phase phase) { phase_.store(phase, std::memory_order_relaxed); }
  /// This rank has come to an operation that all ranks must come to. `operation` is a literal. Operations do not overlap.
  void enter(const char* operation, std::int64_t number = 0);
  /// It has ended.
  void leave() { finished_.store(entered_, std::memory_order_release); }
  Stand now() const;

 private:
  std::atomic<Phase> phase_ = Phase::starting;
  std::atomic<std::int64_t> entered_ = 0, finished_ = 0, number_ = 0;
  std::atomic<const char*> operation_ = "";
  std::atomic<std::chrono::steady_clock::rep> since_ = 0;
};

/// That of this process, which is one rank.
Standing& standing();

/// Between the construction and the end of it, the rank is in an operation.
class InOperation {
 public:
  explicit InOperation(const char* operation, std::int64_t number = 0) { standing().enter(operation, number); }
  ~InOperation() { standing().leave(); }
  InOperation(const InOperation&) = delete;
  InOperation& operator=(const InOperation&) = delete;
};

}  // namespace torchport::runtime
