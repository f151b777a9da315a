#include "runtime/watch/watcher.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "runtime/files/files.h"
#include "runtime/host_name.h"
#include "runtime/text/format.h"
#include "runtime/text/json.h"
#include "runtime/watch/judge.h"
#include "runtime/watch/message.h"
#include "runtime/watch/quiet_thread.h"

namespace torchport::runtime {
namespace {

using Clock = std::chrono::steady_clock;
using State = WatchedRank::State;

constexpr int kTick = 500;                           ///< milliseconds
constexpr auto kOwnPause = std::chrono::seconds(3);  ///< this process itself stood still for that long
constexpr auto kTimeForHello = std::chrono::seconds(5);
constexpr std::size_t kMostStrangers = 64, kLongestLine = 16 * 1024;
constexpr JsonLimits kLimits{4, 64};
constexpr std::size_t kLongestEnvironment = std::size_t{4} << 20;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

std::string random_token() {
  std::array<unsigned char, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) fail("getrandom");
  std::string text;
  for (const unsigned char byte : bytes) text += formatted("%02x", byte);
  return text;
}

bool same(std::string_view token, std::string_view other) {  // in a time that does not tell how much of it is right
  if (token.size() != other.size()) return false;
  unsigned char different = 0;
  for (std::size_t i = 0; i < token.size(); ++i) different |= static_cast<unsigned char>(token[i] ^ other[i]);
  return different == 0;
}

/// The IPv4 addresses of this machine that others may reach it by.
std::vector<std::string> addresses() {
  std::vector<std::string> found;
  ifaddrs* all = nullptr;
  if (getifaddrs(&all) != 0) return found;
  for (const ifaddrs* one = all; one; one = one->ifa_next) {
    if (!one->ifa_addr || one->ifa_addr->sa_family != AF_INET || !(one->ifa_flags & IFF_UP) || (one->ifa_flags & IFF_LOOPBACK))
      continue;
    std::array<char, INET_ADDRSTRLEN> text{};
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr, text.data(), text.size());
    found.emplace_back(text.data());
  }
  freeifaddrs(all);
  return found;
}

}  // namespace

/// The thread's own, and what others ask of it.
class Watcher::Room {
 public:
  explicit Room(Options options)
      : options_(std::move(options)),
        judge_(options_.timeout_seconds, options_.engine, Clock::now()),
        ranks_(static_cast<std::size_t>(options_.size)),
        sockets_(ranks_.size()),
        statuses_(ranks_.size()) {
    listen_anywhere();
    wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wake_ < 0) fail("eventfd");
    thread_ = quiet_thread("watcher", [this] { loop(); });
  }
  ~Room() {
    stop_ = true;
    eventfd_write(wake_, 1);
    thread_.join();
    close(wake_);
    close(listener_);
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  std::string address() const { return address_.text(); }

  void excuse(int rank) {
    const std::lock_guard lock(mutex_);
    if (rank < 0 || rank >= options_.size) return;
    WatchedRank& one = ranks_[static_cast<std::size_t>(rank)];
    if (one.state == State::awaited) one.state = State::excused;
  }

  std::optional<Failure> failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
  }

  std::optional<double> seconds_since_end() const {
    const std::lock_guard lock(mutex_);
    if (!end_) return std::nullopt;
    return std::chrono::duration<double>(Clock::now() - *end_).count();
  }

  bool knows_all() const {
    const std::lock_guard lock(mutex_);
    return count(State::excused) == 0;
  }

  bool ended_well() const {
    const std::lock_guard lock(mutex_);
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank)
      if (ranks_[rank].state != State::ended || statuses_[rank] != 0) return false;
    return true;
  }

  void kill_ranks() const {
    const std::lock_guard lock(mutex_);
    const std::string here = host_name();
    for (const WatchedRank& rank : ranks_)
      if (rank.state == State::here && rank.host == here && is_of_this_job(rank.process)) kill(rank.process, SIGKILL);
  }

 private:
  struct Stranger {
    LineSocket socket;
    Clock::time_point since;
  };

  void listen_anywhere() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener_ < 0) fail("socket");
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_addr.s_addr = htonl(options_.this_machine_only ? INADDR_LOOPBACK : INADDR_ANY);
    socklen_t size = sizeof any;
    if (bind(listener_, reinterpret_cast<sockaddr*>(&any), size) != 0) fail("bind");
    if (listen(listener_, SOMAXCONN) != 0) fail("listen");
    if (getsockname(listener_, reinterpret_cast<sockaddr*>(&any), &size) != 0) fail("getsockname");
    address_ = {random_token(), {}, ntohs(any.sin_port)};
    if (!options_.this_machine_only) address_.hosts = addresses();
    address_.hosts.emplace_back("127.0.0.1");
  }

  /// Its variables hold this job's secret: another process of the same number does not.
  bool is_of_this_job(int process) const {
    try {
      return read_file("/proc/" + std::to_string(process) + "/environ", kLongestEnvironment).find(address_.token) !=
             std::string::npos;
    } catch (const std::runtime_error&) {  // gone, or somebody else's
      return false;
    }
  }

  void loop() {
    for (auto last = Clock::now(); !stop_;) {
      std::vector<pollfd> ready = descriptors();
      poll(ready.data(), ready.size(), kTick);
      const std::lock_guard lock(mutex_);
      const auto now = Clock::now();
      if (ready[1].revents) welcome_strangers(now);
      std::erase_if(strangers_, [&](Stranger& one) { return heard(one, now); });
      for (std::size_t rank = 0; rank < ranks_.size(); ++rank) hear(rank, now);
      if (now - last > kOwnPause)
        for (WatchedRank& rank : ranks_) rank.heard = now;
      last = now;
      look(now);
    }
  }

  std::vector<pollfd> descriptors() {
    const std::lock_guard lock(mutex_);
    std::vector<pollfd> all{{wake_, POLLIN, 0}, {strangers_.size() < kMostStrangers ? listener_ : -1, POLLIN, 0}};
    const auto add = [&](const LineSocket& one) {
      if (one.open()) all.push_back({one.fd(), static_cast<short>(POLLIN | (one.unsent() ? POLLOUT : 0)), 0});
    };
    for (const Stranger& one : strangers_) add(one.socket);
    for (const LineSocket& one : sockets_) add(one);
    return all;
  }

  void welcome_strangers(Clock::time_point now) {
    while (strangers_.size() < kMostStrangers) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR) std::this_thread::sleep_for(std::chrono::milliseconds(kTick));  // no descriptor left
        return;
      }
      strangers_.push_back({LineSocket(fd), now});
    }
  }

  /// Whether a stranger is none any more: a rank, or gone.
  bool heard(Stranger& one, Clock::time_point now) {
    const bool stands = one.socket.receive();
    if (const auto line = one.socket.line(kLongestLine)) {
      introduce(one.socket, *line, now);
      return true;
    }
    return !stands || now - one.since > kTimeForHello;
  }

  void introduce(LineSocket& socket, const std::string& line, Clock::time_point now) {
    try {
      const auto json = parse_json(line, kLimits);
      const int rank = json.at("rank").get<int>();
      if (!same(json.at("hello").get<std::string>(), address_.token) || rank < 0 || rank >= options_.size) return;
      WatchedRank& one = ranks_[static_cast<std::size_t>(rank)];
      if (one.state != State::awaited && one.state != State::excused) return;
      one.host = json.at("host").get<std::string>();
      one.process = json.at("process").get<int>();
      one.state = State::here;
      one.heard = now;
      sockets_[static_cast<std::size_t>(rank)] = std::move(socket);
      sockets_[static_cast<std::size_t>(rank)].send({{"welcome", options_.timeout_seconds}});
    } catch (const std::exception&) {  // a stranger
    }
  }

  void hear(std::size_t number, Clock::time_point now) {
    LineSocket& socket = sockets_[number];
    WatchedRank& rank = ranks_[number];
    if (!socket.open()) return;
    socket.flush();
    const bool stands = socket.receive();
    while (const auto line = socket.line(kLongestLine)) {
      rank.heard = now;
      try {
        const auto json = parse_json(*line, kLimits);
        if (json.contains("bye")) {
          statuses_[number] = json.at("bye").get<int>();
          rank.state = State::ended;
          socket.close();  // which tells the rank that its goodbye came
        } else {
          rank.stand = stand_of(json);
        }
      } catch (const std::exception&) {  // of a rank of ours this does not come
        socket.close();
      }
    }
    if (stands && socket.open()) return;
    socket.close();
    if (rank.state != State::here) return;
    rank.state = State::gone;
    rank.heard = now;
  }

  void look(Clock::time_point now) {
    if (!failure_) {
      const Judge::Verdict verdict = judge_.look(ranks_, now);
      for (const auto& [text, shown] : verdict.warnings) {
        tell({{"warning", text}});
        if (options_.on_warning) options_.on_warning(text, shown);
      }
      if (verdict.failure) {
        failure_ = verdict.failure;
        end_ = now;
        tell({{"end", to_json(*failure_)}});
      }
    }
    if (!end_ && count(State::here) + count(State::awaited) == 0) end_ = now;
    if (now - told_alive_ >= std::chrono::seconds(1)) {
      tell({{"alive", true}});
      told_alive_ = now;
    }
  }

  std::ptrdiff_t count(State state) const {
    return std::count_if(ranks_.begin(), ranks_.end(), [&](const auto& rank) { return rank.state == state; });
  }

  void tell(const nlohmann::json& message) {
    for (LineSocket& socket : sockets_) socket.send(message);
  }

  const Options options_;
  Judge judge_;
  std::vector<WatchedRank> ranks_;
  std::vector<LineSocket> sockets_;
  std::vector<int> statuses_;
  std::list<Stranger> strangers_;
  std::optional<Failure> failure_;
  std::optional<Clock::time_point> end_;
  Clock::time_point told_alive_{};
  WatchAddress address_;
  int listener_ = -1, wake_ = -1;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  std::thread thread_;
};

Watcher::Watcher(Options options) : room_(std::make_unique<Room>(std::move(options))) {}
Watcher::~Watcher() = default;
std::string Watcher::address() const { return room_->address(); }
void Watcher::excuse(int rank) { room_->excuse(rank); }
std::optional<Failure> Watcher::failure() const { return room_->failure(); }
std::optional<double> Watcher::seconds_since_end() const { return room_->seconds_since_end(); }
bool Watcher::knows_all() const { return room_->knows_all(); }
bool Watcher::ended_well() const { return room_->ended_well(); }
void Watcher::kill_ranks() const { room_->kill_ranks(); }

}  // namespace torchport::runtime
