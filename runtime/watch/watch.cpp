#include "runtime/watch/watch.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/host_name.h"
#include "runtime/text/format.h"
#include "runtime/text/json.h"
#include "runtime/watch/message.h"
#include "runtime/watch/quiet_thread.h"

namespace torchport::runtime {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBeat = 500;  ///< milliseconds
constexpr int kTimeToConnect = 3000, kTimeToLeave = 2000;
constexpr auto kGraceOfTheLauncher = std::chrono::seconds(5);  ///< in which the engine ends a rank whose launcher is gone
constexpr std::size_t kLongestLine = 256 * 1024;
constexpr JsonLimits kLimits{8, 4096};

/// Connects to one address, or returns -1 with errno.
int connected(const std::string& host, std::uint16_t port) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &to.sin_addr) != 1) return errno = EINVAL, -1;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  int error = connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    pollfd ready{fd, POLLOUT, 0};
    socklen_t size = sizeof error;
    if (poll(&ready, 1, kTimeToConnect) != 1)
      error = ETIMEDOUT;
    else
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  }
  if (error == 0) return fd;
  close(fd);
  return errno = error, -1;
}

}  // namespace

class Watch::Room {
 public:
  explicit Room(Options options) : options_(std::move(options)) {
    wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    thread_ = quiet_thread("watch", [this] { loop(); });
  }
  ~Room() {
    stop_ = true;
    eventfd_write(wake_, 1);
    thread_.join();
    close(wake_);
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  void limit(double timeout_seconds) { timeout_ = timeout_seconds; }
  /// Returns "", or why the watcher cannot be reached.
  std::string connect(const std::string& text) {
    const auto address = WatchAddress::read(text);
    std::string reason = "its address has an unknown form";
    for (std::size_t i = 0; address && i < address->hosts.size(); ++i) {
      const int fd = connected(address->hosts[i], address->port);
      if (fd < 0) {
        reason = address->hosts[i] + ":" + std::to_string(address->port) + ": " + std::strerror(errno);
        continue;
      }
      const std::lock_guard lock(mutex_);
      found_ = LineSocket(fd);
      place_ = address->hosts[i];
      found_.send({{"hello", address->token}, {"rank", options_.rank}, {"host", host_name()}, {"process", getpid()}});
      eventfd_write(wake_, 1);
      return "";
    }
    return reason;
  }
  void bye(int exit_status) {
    status_ = exit_status;
    leaving_ = true;
  }

 private:
  void loop() {
    while (!stop_) {
      take_over();
      if (socket_.open()) socket_.send(to_json(standing().now()));
      std::array<pollfd, 2> ready{
          {{wake_, POLLIN, 0}, {socket_.fd(), static_cast<short>(POLLIN | (socket_.unsent() ? POLLOUT : 0)), 0}}};
      poll(ready.data(), ready.size(), kBeat);
      eventfd_t ignored = 0;
      eventfd_read(wake_, &ignored);
      if (leaving_) continue;  // the watcher may be gone before this process
      if (lost_at_) {
        if (Clock::now() - *lost_at_ > kGraceOfTheLauncher) end(lost("ended"));
      } else if (watched_) {
        hear();
      } else {
        look_alone();
      }
    }
    leave();
  }

  /// A connection that connect() made.
  void take_over() {
    const std::lock_guard lock(mutex_);
    if (!found_.open()) return;
    socket_ = std::move(found_);
    heard_ = Clock::now();
    watched_ = true;
  }

  void hear() {
    const auto now = Clock::now();
    const bool stands = socket_.receive();
    while (const auto line = socket_.line(kLongestLine)) {
      heard_ = now;
      try {
        const auto json = parse_json(*line, kLimits);
        if (json.contains("welcome")) timeout_ = json.at("welcome").get<double>();
        if (json.contains("warning")) options_.on_warning(json.at("warning").get<std::string>());
        if (json.contains("end")) end(failure_of(json.at("end")));
      } catch (const std::exception& error) {
        options_.on_warning(std::string("The watcher said what is not understood: it ") + error.what());
      }
    }
    if (!stands || !socket_.open()) {
      socket_.close();
      lost_at_ = now;
    } else if (timeout_ > 0 && std::chrono::duration<double>(now - heard_).count() > timeout_ + kLeeway) {
      end(lost(formatted("was not heard of for %.0f s", timeout_.load())));
    }
  }

  /// Of a rank without a watcher: MPI_Init is the one operation whose end nobody else sees to.
  void look_alone() {
    const Stand stand = standing().now();
    if (timeout_ <= 0 || !stand.waits() || stand.operation != "MPI_Init" || stand.waited < timeout_) return;
    end({{Error("TimeoutOccured.joining", {{"operation", stand.operation}, {"seconds", formatted("%.0f", timeout_.load())}})},
         options_.rank,
         "-"});
  }

  Failure lost(const std::string& how) const {
    return {
        {Error("TimeoutOccured.watcher", {{"host", place_}, {"how", how}})}, options_.watchers_rank, standing().position.text()};
  }

  void end(const Failure& failure) {
    leaving_ = true;
    options_.on_end(failure);
  }

  /// The goodbye must have come before the socket closes: the watcher then closes its end.
  void leave() {
    take_over();  // where there was no time to
    if (!socket_.open() || !status_) return;
    socket_.send({{"bye", *status_}});
    const auto deadline = Clock::now() + std::chrono::milliseconds(kTimeToLeave);
    while (socket_.receive() && Clock::now() < deadline) {
      pollfd ready{socket_.fd(), static_cast<short>(POLLIN | (socket_.unsent() ? POLLOUT : 0)), 0};
      poll(&ready, 1, kBeat);
      socket_.flush();
      while (socket_.line(kLongestLine)) {  // nothing that comes now concerns this process
      }
    }
  }

  static constexpr double kLeeway = 5;  ///< seconds more than the watcher's own time-out: it knows whom to blame

  const Options options_;
  std::mutex mutex_;
  LineSocket found_;   // guarded by it
  std::string place_;  // set before the connection is found
  LineSocket socket_;
  bool watched_ = false;
  Clock::time_point heard_{};
  std::optional<Clock::time_point> lost_at_;
  std::atomic<double> timeout_ = 0;
  std::optional<int> status_;  // set before stop_
  std::atomic<bool> leaving_ = false, stop_ = false;
  int wake_ = -1;
  std::thread thread_;
};

Watch::Watch(Options options) : room_(std::make_unique<Room>(std::move(options))) {}
Watch::~Watch() = default;
void Watch::limit(double timeout_seconds) { room_->limit(timeout_seconds); }
std::string Watch::connect(const std::string& address) { return room_->connect(address); }
void Watch::bye(int exit_status) { room_->bye(exit_status); }

}  // namespace torchport::runtime
