// What a rank and the watcher tell each other: lines of JSON over TCP. Used by both ends, watch.cpp and watcher.cpp.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "runtime/report/verdict.h"
#include "runtime/watch/standing.h"

namespace torchport::runtime {

nlohmann::json to_json(const Stand& stand);
/// \throws std::exception where it is none
Stand stand_of(const nlohmann::json& json);

nlohmann::json to_json(const Failure& failure);
/// \throws std::exception where it is none
Failure failure_of(const nlohmann::json& json);

/// The address that ranks find the watcher by, in the variable TORCHPORT_WATCH: "TOKEN@HOST,HOST:PORT". A host is an address of
/// IPv4, which Open MPI connects by as well.
struct WatchAddress {
  std::string token;
  std::vector<std::string> hosts;
  std::uint16_t port = 0;
  std::string text() const;
  /// Nothing where `text` has another form.
  static std::optional<WatchAddress> read(std::string_view text);
};

inline constexpr const char* kWatchVariable = "TORCHPORT_WATCH";

/// What a process says on standard error, which its launcher reads, where it cannot be watched.
std::string unwatched_line(int rank, const std::string& reason);
/// The rank in such a line.
std::optional<int> unwatched_rank(std::string_view line);

/// A non-blocking TCP connection that lines go over. Owns the descriptor.
class LineSocket {
 public:
  LineSocket() = default;
  explicit LineSocket(int fd) : fd_(fd) {}
  ~LineSocket() { close(); }
  LineSocket(LineSocket&& other) noexcept { *this = std::move(other); }
  LineSocket& operator=(LineSocket&& other) noexcept;
  int fd() const { return fd_; }
  bool open() const { return fd_ >= 0; }
  void close();
  /// Queues one message and sends what the kernel takes. A reader that takes none for long is given up.
  void send(const nlohmann::json& message);
  bool unsent() const { return !out_.empty(); }
  void flush();
  /// Reads what there is. Returns whether the connection still stands.
  bool receive();
  /// The next whole line that came, or nothing. A line longer than `longest` closes the connection.
  std::optional<std::string> line(std::size_t longest);

 private:
  int fd_ = -1;
  std::string in_, out_;
};

}  // namespace torchport::runtime
