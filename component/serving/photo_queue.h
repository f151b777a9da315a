// What was asked and waits for the network: between the thread of the connections and the one that computes. Torch-free.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "component/serving/http_server.h"

namespace torchport::component {

/// A request whose body has come.
struct Waiting {
  std::string body;
  HttpReply reply;
  std::chrono::steady_clock::time_point since;
};

class PhotoQueue {
 public:
  explicit PhotoQueue(std::size_t most) : most_(most) {}
  /// False where as many as may wait do already; nothing is moved then.
  bool add(std::string& body, HttpReply& reply);
  /// At most `most` of those that wait, the first ones; waits for one. Empty after close().
  std::vector<Waiting> take(std::size_t most);
  /// Nothing is answered any more.
  void close();
  std::size_t size() const;

 private:
  const std::size_t most_;
  mutable std::mutex mutex_;
  std::condition_variable some_;
  std::deque<Waiting> waiting_;
  bool closed_ = false;
};

}  // namespace torchport::component
