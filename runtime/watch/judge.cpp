#include "runtime/watch/judge.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "runtime/text/format.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

using Time = Judge::Time;
using State = WatchedRank::State;

constexpr double kWarnAfter = 10;        ///< seconds, or a third of the time-out
constexpr double kGraceOfTheLost = 3;    ///< seconds in which the engine may say what became of a rank
constexpr double kQuiet = 5;             ///< seconds without a beat from which on a rank may be what others wait for
constexpr double kLongestStart = 120;    ///< seconds in which an engine must have begun some process
constexpr double kNameAgainAfter = 600;  ///< seconds
constexpr std::size_t kNamed = 3;        ///< ranks whose names a sentence has

double seconds(Time from, Time to) { return std::chrono::duration<double>(to - from).count(); }

std::string number(double value) { return formatted("%.0f", value); }

bool quiet(const WatchedRank& rank, Time now) { return rank.state == State::here && seconds(rank.heard, now) > kQuiet; }

/// "process 1 on host n (training, epoch 1, step 3; not heard of for 12 s)".
std::string who(const WatchedRank& rank, int number_of_rank, Time now) {
  std::string text = "process " + std::to_string(number_of_rank);
  if (rank.state == State::awaited) return text;
  text += " on host " + visible(rank.host) + " (";
  if (rank.state == State::ended) return text + "which has ended)";
  text += rank.stand.text();
  if (quiet(rank, now)) text += "; not heard of for " + number(seconds(rank.heard, now)) + " s";
  return text + ")";
}

std::string who(const std::vector<WatchedRank>& all, const std::vector<int>& ranks, Time now) {
  std::vector<std::string> names;
  for (const int rank : ranks) {
    if (names.size() == kNamed) break;
    names.push_back(who(all[static_cast<std::size_t>(rank)], rank, now));
  }
  return join(names, ", ") + (ranks.size() > kNamed ? " and " + std::to_string(ranks.size() - kNamed) + " more" : "");
}

Failure failure_of(const char* key, const std::vector<WatchedRank>& all, const std::vector<int>& ranks, Time now, Fields fields) {
  fields["who"] = who(all, ranks, now);
  fields["rank"] = ranks.empty() ? "-" : std::to_string(ranks.front());
  return {{Error(key, fields)},
          ranks.empty() ? kNoRank : ranks.front(),
          ranks.empty() ? "-" : all[static_cast<std::size_t>(ranks.front())].stand.at};
}

std::vector<int> that(const std::vector<WatchedRank>& ranks, const std::function<bool(const WatchedRank&)>& is_one) {
  std::vector<int> found;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank)
    if (is_one(ranks[rank])) found.push_back(static_cast<int>(rank));
  return found;
}

}  // namespace

/// An operation that some ranks wait in, and the ranks that have not come to it.
struct Judge::Awaited {
  std::string operation;  ///< "": no rank waits
  double waited = 0;      ///< seconds, of the rank that has waited longest
  Ranks missing;
  bool all_wait = false;  ///< each in some operation, and for `waited` seconds at least
};

Judge::Judge(double timeout_seconds, std::string engine, Time begun)
    : timeout_(timeout_seconds), engine_(std::move(engine)), begun_(begun) {}

Judge::Awaited Judge::awaited(const std::vector<WatchedRank>& ranks, Time now) const {
  Awaited found;
  const WatchedRank* first = nullptr;  // of those that have come furthest
  double least = 0;
  found.all_wait = true;
  for (const WatchedRank& rank : ranks) {
    if (rank.state != State::here) continue;
    if (quiet(rank, now) || !rank.stand.waits()) {
      found.all_wait = false;
      continue;
    }
    const bool none_yet = !first;
    least = none_yet ? rank.stand.waited : std::min(least, rank.stand.waited);
    if (none_yet || rank.stand.entered > first->stand.entered) {
      first = &rank;
      found.waited = rank.stand.waited;
    } else if (rank.stand.entered == first->stand.entered) {
      found.waited = std::max(found.waited, rank.stand.waited);
    }
  }
  if (!first) return {};
  found.operation = first->stand.operation_text();
  const std::int64_t furthest = first->stand.entered;
  // In MPI_Finalize the others may wait as long as one works: on what only the first rank does, for example.
  if (first->stand.operation != "MPI_Finalize") {
    found.missing = that(ranks, [&](const WatchedRank& rank) {
      const bool behind = rank.stand.entered < furthest;
      return quiet(rank, now) || (rank.state == State::ended && behind) ||
             (rank.state == State::here && behind && !rank.stand.waits());
    });
  }
  if (found.all_wait && found.missing.empty()) found.waited = least;
  return found;
}

std::optional<Failure> Judge::at_start(const std::vector<WatchedRank>& ranks, Time now) const {
  const Ranks late = that(ranks, [](const WatchedRank& rank) { return rank.state == State::awaited; });
  if (late.empty()) return std::nullopt;
  const double limit = first_here_ ? timeout_ : std::min(timeout_, kLongestStart);
  if (seconds(first_here_.value_or(begun_), now) < limit) return std::nullopt;
  const Fields fields{{"seconds", number(limit)}, {"engine", engine_}};
  return first_here_ ? failure_of("TimeoutOccured.not_begun", ranks, late, now, fields)
                     : failure_of("TimeoutOccured.none_begun", ranks, {}, now, fields);
}

std::optional<Failure> Judge::failure(const std::vector<WatchedRank>& ranks, const Awaited& found, Time now) const {
  Fields fields{{"seconds", number(timeout_)},
                {"operation", found.operation},
                {"others", found.operation.empty() ? "" : "; others wait in " + found.operation}};
  const Ranks gone =
      that(ranks, [&](const WatchedRank& rank) { return rank.state == State::gone && seconds(rank.heard, now) > kGraceOfTheLost; });
  if (!gone.empty()) return failure_of("TimeoutOccured.gone", ranks, {gone.front()}, now, fields);
  const Ranks silent = that(ranks, [&](const WatchedRank& rank) {
    return rank.state == State::here && seconds(rank.heard, now) > std::max(timeout_, kQuiet);
  });
  if (!found.missing.empty() && (found.waited >= timeout_ || !silent.empty())) {
    fields["seconds"] = number(found.waited);
    return failure_of("TimeoutOccured.missing", ranks, found.missing, now, fields);
  }
  if (auto late = at_start(ranks, now)) return late;
  if (!silent.empty()) return failure_of("TimeoutOccured.silent", ranks, silent, now, fields);
  if (found.all_wait && found.missing.empty() && found.waited >= timeout_)
    return failure_of("TimeoutOccured.stuck", ranks, {}, now, fields);
  return std::nullopt;
}

bool Judge::may_name(const Ranks& ranks, Time now) {
  bool may = false;
  for (const int rank : ranks) {
    const auto before = named_.find(rank);
    if (before != named_.end() && seconds(before->second, now) < kNameAgainAfter) continue;
    named_[rank] = now;
    may = true;
  }
  return may;
}

void Judge::warn(Verdict& verdict, const std::vector<WatchedRank>& ranks, const Awaited& found, Time now) {
  const double after = std::min(kWarnAfter, timeout_ / 3);
  const WatchedRank& first = ranks.front();
  const bool shows = first.state == State::here && !quiet(first, now) && first.stand.phase >= Phase::working;
  const auto say = [&](const std::string& text) { verdict.warnings.push_back({text, shows}); };
  if (!first_here_) {
    if (seconds(begun_, now) >= after && !std::exchange(told_of_engine_, true) && !engine_.empty())
      say(engine_ + " has not begun any process in " + number(after) + " s.");
    return;
  }
  Ranks late = that(ranks, [](const WatchedRank& rank) { return rank.state == State::awaited; });
  if (seconds(*first_here_, now) < after) late.clear();
  if (may_name(late, now)) say("Others began " + number(after) + " s ago, but not " + who(ranks, late, now) + ".");
  const Ranks silent = that(ranks, [&](const WatchedRank& rank) {
    return rank.state == State::here && seconds(rank.heard, now) > std::max(after, kQuiet);
  });
  if (found.waited >= after && !found.missing.empty()) {
    if (may_name(found.missing, now))
      say("Others have waited " + number(found.waited) + " s in " + found.operation + " for " + who(ranks, found.missing, now) +
          ".");
  } else if (may_name(silent, now)) {
    say("Nothing is heard of " + who(ranks, silent, now) + ".");
  }
}

Judge::Verdict Judge::look(const std::vector<WatchedRank>& ranks, Time now) {
  if (!first_here_ && std::any_of(ranks.begin(), ranks.end(), [](const auto& rank) { return rank.state != State::awaited; }))
    first_here_ = now;
  const Awaited found = awaited(ranks, now);
  Verdict verdict;
  verdict.failure = failure(ranks, found, now);
  if (!verdict.failure) warn(verdict, ranks, found, now);
  return verdict;
}

}  // namespace torchport::runtime
