#include "runtime/launch/watched_engine.h"

#include <csignal>
#include <cstdlib>
#include <system_error>

#include "runtime/watch/message.h"

namespace torchport::runtime {
namespace {

// Seconds after the ranks were told that the job is over, or after the last of them left.
constexpr double kTerm = 4, kKill = 8, kIdleTerm = 30, kIdleKill = 40;

}  // namespace

WatchedEngine::WatchedEngine(Watcher::Options options, const std::function<void(const std::string&)>& warn) {
  unsetenv(kWatchVariable);  // that of a launcher around this one
  try {
    watcher_.emplace(std::move(options));
    setenv(kWatchVariable, watcher_->address().c_str(), 1);
  } catch (const std::system_error& error) {
    warn(std::string("The processes are not watched: ") + error.what() + ".");
  }
}

void WatchedEngine::read(std::string_view lines) {
  while (watcher_ && !lines.empty()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
    if (const auto rank = unwatched_rank(lines.substr(0, end))) watcher_->excuse(*rank);
    lines.remove_prefix(end);
  }
}

int WatchedEngine::order() {
  const auto since = watcher_ ? watcher_->seconds_since_end() : std::nullopt;
  if (!since) return 0;
  const bool over = watcher_->failure().has_value();
  if (!over && !watcher_->knows_all()) return 0;
  if (told_ == 0 && *since > (over ? kTerm : kIdleTerm)) return ++told_, SIGTERM;
  if (told_ == 0 || *since < (over ? kKill : kIdleKill)) return 0;
  watcher_->kill_ranks();
  return SIGKILL;
}

void WatchedEngine::end() {
  if (watcher_) watcher_->kill_ranks();
}

std::optional<Failure> WatchedEngine::failure() const { return watcher_ ? watcher_->failure() : std::nullopt; }

}  // namespace torchport::runtime
