#include "component/training/rank_times.h"

#include <algorithm>

#include "runtime/text/format.h"

namespace torchport::component {
namespace {

using runtime::formatted;

constexpr double kLag = 0.2;        ///< share by which a rank must be slower than the others to be named
constexpr double kWorthSaying = 1;  ///< seconds of an epoch that it must have cost them

/// "12 %" or "3 to 12 %".
std::string percent(double least, double most) {
  const std::string high = formatted("%.0f %%", 100 * most), low = formatted("%.0f", 100 * least);
  return high == low + " %" ? high : low + " to " + high;
}

/// The lower one of two in the middle.
double median(std::vector<double> numbers) {
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>((numbers.size() - 1) / 2);
  std::nth_element(numbers.begin(), middle, numbers.end());
  return *middle;
}

}  // namespace

void RankTimes::begin() {
  seconds_ = {};
  images_ = 0;
  waited_before_ = control_.seconds_waited();
  begun_ = Clock::now();
}

std::vector<RankTimes::Row> RankTimes::gathered() {
  enum { kImages = kWhats, kSeconds, kNumbers };
  const double all = std::chrono::duration<double>(Clock::now() - begun_).count();
  std::vector<double> numbers(static_cast<std::size_t>(control_.size()) * kNumbers);
  const auto mine = std::span(numbers).subspan(static_cast<std::size_t>(control_.rank()) * kNumbers, kNumbers);
  std::copy(seconds_.begin(), seconds_.end(), mine.begin());
  mine[kCommunicating] += control_.seconds_waited() - waited_before_;
  mine[kComputing] = std::max(0.0, all - mine[kData] - mine[kCommunicating] - mine[kCheckpointing]);
  mine[kImages] = images_;
  mine[kSeconds] = all;
  control_.sum(numbers);
  std::vector<Row> rows;
  for (std::size_t begin = 0; begin < numbers.size(); begin += kNumbers) {
    const auto of = std::span(numbers).subspan(begin, kNumbers);
    Row row;
    row.working = of[kData] + of[kComputing];
    row.pace = row.working > 0 ? of[kImages] / row.working : 0;
    for (std::size_t what = 0; what < kWhats; ++what) row.share[what] = of[kSeconds] > 0 ? of[what] / of[kSeconds] : 0;
    rows.push_back(row);
  }
  return rows;
}

std::vector<runtime::MetricRow> RankTimes::compare(std::int64_t epoch, runtime::Log& log) {
  if (control_.size() == 1) return {};
  const std::vector<Row> rows = gathered();
  // A training that goes on where an epoch has only its validation left has no pace to tell of.
  if (std::all_of(rows.begin(), rows.end(), [](const Row& row) { return row.pace == 0; })) return {};
  std::vector<runtime::MetricRow> metrics;
  for (std::size_t rank = 0; rank < rows.size(); ++rank) {
    const Row& row = rows[rank];
    metrics.push_back({"Rank times",
                       {{"epoch", epoch},
                        {"rank", static_cast<std::int64_t>(rank)},
                        {"images_per_second", row.pace},
                        {"data", row.share[kData]},
                        {"computing", row.share[kComputing]},
                        {"communicating", row.share[kCommunicating]},
                        {"checkpointing", row.share[kCheckpointing]}}});
  }
  if (control_.rank() == 0) {
    const auto range = [&](What what) {
      const auto [least, most] =
          std::minmax_element(rows.begin(), rows.end(), [=](const Row& a, const Row& b) { return a.share[what] < b.share[what]; });
      return percent(least->share[what], most->share[what]);
    };
    const auto [slowest, fastest] =
        std::minmax_element(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.pace < b.pace; });
    log.info(
        formatted("Ranks in epoch %lld: %.2f (rank %td) to %.2f img/s of their own work; waiting for data %s, computing %s, "
                  "communicating %s, checkpointing %s of the time.",
                  static_cast<long long>(epoch), slowest->pace, slowest - rows.begin(), fastest->pace, range(kData).c_str(),
                  range(kComputing).c_str(), range(kCommunicating).c_str(), range(kCheckpointing).c_str()));
  }
  if (const auto lag = lagging(rows)) warn(*lag, rows[lag->rank], epoch, log);
  return metrics;
}

std::optional<Lag> RankTimes::lagging(const std::vector<Row>& rows) {
  const auto slowest = std::min_element(rows.begin(), rows.end(), [](const Row& a, const Row& b) { return a.pace < b.pace; });
  std::vector<double> paces, working;  // of the others
  for (auto row = rows.begin(); row != rows.end(); ++row) {
    if (row == slowest) continue;
    paces.push_back(row->pace);
    working.push_back(row->working);
  }
  const double usual = median(paces), cost = slowest->working - *std::max_element(working.begin(), working.end());
  if (slowest->pace >= (1 - kLag) * usual || cost < kWorthSaying) return std::nullopt;
  return Lag{static_cast<std::size_t>(slowest - rows.begin()), cost, usual};
}

void RankTimes::warn(const Lag& lag, const Row& row, std::int64_t epoch, runtime::Log& log) const {
  const std::string place = control_.broadcast_text(runtime::place_of_rank(control_), static_cast<int>(lag.rank));
  log.warning(
      formatted("Epoch %lld waited %.1f s for %s: %.2f img/s of its own work, where half of the others do %.2f or more. Of its "
                "time %.0f %% went into waiting for data, %.0f %% into computing.",
                static_cast<long long>(epoch), lag.cost, place.c_str(), row.pace, lag.usual, 100 * row.share[kData],
                100 * row.share[kComputing]));
}

}  // namespace torchport::component
