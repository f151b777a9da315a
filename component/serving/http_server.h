// HTTP/1.1 over TCP, for requests that are answered by another thread. What a client may cost is bounded: bytes, time, connections.
// Used by the service; Boost.Beast reads and writes the protocol, on one thread, whatever the number of connections.
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace torchport::component {

/// What a request says before its body.
struct HttpHead {
  std::string method, path;  ///< the path without its query
  std::string authorization, encoding;
};

struct HttpAnswer {
  int status = 200;
  std::string body, type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::size_t rows = 0;  ///< that were asked for, for the log
};

/// A request that is over, for the log: nothing of its body or of its keys.
struct HttpExchange {
  std::string client, method, path;
  int status = 0;
  std::size_t bytes = 0, rows = 0;  ///< of the request's body
  double seconds = 0;               ///< from its first byte to the answer's last
};

/// Who waits for an answer. Of any thread.
class HttpReply {
 public:
  /// `left`: set when the client leaves.
  HttpReply(std::function<void(HttpAnswer)> send, std::shared_ptr<const std::atomic<bool>> left)
      : send_(std::move(send)), left_(std::move(left)) {}
  /// At once or later, once, also to one who has left.
  void operator()(HttpAnswer answer) const { send_(std::move(answer)); }
  bool left() const { return *left_; }

 private:
  std::function<void(HttpAnswer)> send_;
  std::shared_ptr<const std::atomic<bool>> left_;
};

/// What answers. Called by the thread of HttpServer::run.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  /// Before a body is read: an answer where it is not wanted.
  virtual std::optional<HttpAnswer> refuse(const HttpHead& head) = 0;
  virtual void answer(const HttpHead& head, std::string body, HttpReply reply) = 0;
  /// The answer to what the protocol or the limits refuse.
  virtual HttpAnswer fault(int status, const std::string& reason) = 0;
  virtual void over(const HttpExchange& exchange) = 0;
};

struct HttpLimits {
  std::size_t body, bodies;  ///< bytes of one, and of all that are there at once
  std::size_t connections;
  std::chrono::seconds timeout;  ///< for a request to come, for an answer to be taken, and for the end after stop()
};

class HttpServer {
 public:
  /// Listens; port 0 is any that is free, and an IPv6 address may stand in brackets.
  /// \throws Error FailedToCompleteOperation.host, FailedToCompleteOperation.listen
  HttpServer(const std::string& host, int port, const HttpLimits& limits, HttpHandler& handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// "http://127.0.0.1:5001"
  std::string address() const;
  /// Whether other machines reach it.
  bool is_local() const;
  /// Serves until stop() was called and what had come is answered, or its time is over.
  void run();
  /// By any thread: no connection is taken any more, and none goes on after its answer.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace torchport::component
