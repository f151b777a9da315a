// Where each rank's time goes in an epoch, and which rank keeps the others waiting: the ranks of a training go in step, so that one
// that lags shows in what the others wait. Called by the trainer.
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "runtime/control.h"
#include "runtime/report/events.h"
#include "runtime/report/log.h"

namespace torchport::component {

/// A rank that is slower than the others.
struct Lag {
  std::size_t rank;
  double cost;   ///< seconds that the others waited for it
  double usual;  ///< images per second of their own work that half of the others reach
};

class RankTimes {
 public:
  /// What a rank does in its time. Computing is whatever is nothing else.
  enum What { kData, kCommunicating, kCheckpointing, kMeasured, kComputing = kMeasured, kWhats };
  using Clock = std::chrono::steady_clock;

  /// `control` must outlive this.
  explicit RankTimes(runtime::Control& control) : control_(control) {}

  /// The time from here on counts, until the next compare().
  void begin();
  /// Until the returned object goes, time is spent on `what`. What other ranks are waited for meanwhile counts as well.
  class Scope {
   public:
    Scope(double& seconds) : seconds_(seconds), since_(Clock::now()) {}
    ~Scope() { seconds_ += std::chrono::duration<double>(Clock::now() - since_).count(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    double& seconds_;
    const Clock::time_point since_;
  };
  Scope measure(What what) { return {seconds_[what]}; }
  void count(std::int64_t images) { images_ += static_cast<double>(images); }

  /// Compares the ranks' times since begin(). Logs them on rank 0 and warns, on all, of one that is lagging(). Returns the rows of
  /// the metric "Rank times", one a rank; none in a world of one. `epoch`: 1-based.
  std::vector<runtime::MetricRow> compare(std::int64_t epoch, runtime::Log& log);

  /// One rank's.
  struct Row {
    double pace = 0;                     ///< images per second of its own work: without waiting for others
    std::array<double, kWhats> share{};  ///< of the time that passed
    double working = 0;                  ///< seconds
  };
  /// The rank that is more than a fifth slower than half of the others, if it cost them more than a second. \pre two rows or more
  static std::optional<Lag> lagging(const std::vector<Row>& rows);

 private:
  std::vector<Row> gathered();
  void warn(const Lag& lag, const Row& row, std::int64_t epoch, runtime::Log& log) const;

  runtime::Control& control_;
  std::array<double, kMeasured> seconds_{};
  double images_ = 0, waited_before_ = 0;
  Clock::time_point begun_;
};

}  // namespace torchport::component
