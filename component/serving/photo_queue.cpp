#include "component/serving/photo_queue.h"

#include <algorithm>

namespace torchport::component {

bool PhotoQueue::add(std::string& body, HttpReply& reply) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= most_) return false;
  waiting_.push_back({std::move(body), std::move(reply), std::chrono::steady_clock::now()});
  some_.notify_one();
  return true;
}

std::vector<Waiting> PhotoQueue::take(std::size_t most) {
  std::unique_lock lock(mutex_);
  some_.wait(lock, [&] { return closed_ || !waiting_.empty(); });
  if (closed_) return {};
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(most, waiting_.size()));
  std::vector<Waiting> taken(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return taken;
}

void PhotoQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  waiting_.clear();
  some_.notify_all();
}

std::size_t PhotoQueue::size() const {
  const std::lock_guard lock(mutex_);
  return waiting_.size();
}

}  // namespace torchport::component
