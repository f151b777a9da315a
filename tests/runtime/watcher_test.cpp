// The watcher and a rank's watch over real sockets, in one process.
#include "runtime/watch/watcher.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <future>

#include "runtime/watch/message.h"
#include "runtime/watch/watch.h"
#include "tests/support/catch.h"

using namespace torchport::runtime;

namespace {

constexpr auto kLong = std::chrono::seconds(30);

/// A connection as anybody could make it; blocking.
class Caller {
 public:
  explicit Caller(const WatchAddress& address) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(address.port);
    inet_pton(AF_INET, address.hosts.back().c_str(), &to.sin_addr);
    REQUIRE(connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0);
  }
  ~Caller() { close(fd_); }
  void say(const std::string& text) const {
    REQUIRE(send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
  }
  /// The next bytes that come, "" at the end of the connection.
  std::string hear() const {
    std::array<char, 4096> text{};
    const ssize_t got = recv(fd_, text.data(), text.size(), 0);
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(0, got))};
  }

 private:
  int fd_;
};

std::string hello(const std::string& token, int rank) {
  return nlohmann::json({{"hello", token}, {"rank", rank}, {"host", "h"}, {"process", 1}}).dump() + "\n";
}

/// A rank's watch, and what it was told.
struct Rank {
  std::promise<Failure> end;
  std::future<Failure> ended = end.get_future();
  std::promise<std::string> warning;
  std::future<std::string> warned = warning.get_future();
  Watch watch;
  explicit Rank(int rank)
      : watch({rank, [this](const std::string& text) { warning.set_value(text); },
               [this](const Failure& failure) { end.set_value(failure); }}) {}
};

}  // namespace

TEST_CASE("an address travels as text") {
  const WatchAddress address{"secret", {"10.0.0.1", "127.0.0.1"}, 4711};
  CHECK(address.text() == "secret@10.0.0.1,127.0.0.1:4711");
  const auto read = WatchAddress::read(address.text());
  REQUIRE(read);
  CHECK((read->token == "secret" && read->hosts == address.hosts && read->port == 4711));
  for (const char* const wrong : {"", "secret", "@h:1", "s@:1", "s@h", "s@h:0", "s@h:65536", "s@h:1x"})
    CHECK_FALSE(WatchAddress::read(wrong));
  CHECK(unwatched_rank(unwatched_line(3, "no route")) == 3);
  CHECK_FALSE(unwatched_rank("torchport: process x is not watched: "));
}

TEST_CASE("a stranger is not taken for a rank") {
  const Watcher watcher({1, 600, "", true, {}});
  const auto address = WatchAddress::read(watcher.address());
  REQUIRE(address);
  CHECK(address->hosts == std::vector<std::string>{"127.0.0.1"});
  std::string wrong = address->token;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  for (const std::string& text : {hello(wrong, 0), hello("", 0), hello(address->token, 1), hello(address->token, -1),
                                  std::string("GET / HTTP/1.1\n"), std::string("[[[[[[[[\n"), std::string(20000, 'x')}) {
    const Caller caller(*address);
    caller.say(text);
    CHECK(caller.hear() == "");
  }
  const Caller rank(*address);
  rank.say(hello(address->token, 0));
  CHECK(rank.hear().starts_with("{\"welcome\":600.0}\n"));
  const Caller second(*address);  // there is one of each
  second.say(hello(address->token, 0));
  CHECK(second.hear() == "");
}

TEST_CASE("a rank whose connection ends without a goodbye ends the job") {
  Watcher watcher({2, 600, "", true, {}});
  Rank stays(0);
  REQUIRE(stays.watch.connect(watcher.address()) == "");
  {
    Rank leaves(1);
    REQUIRE(leaves.watch.connect(watcher.address()) == "");
  }
  REQUIRE(stays.ended.wait_for(kLong) == std::future_status::ready);
  const Failure told = stays.ended.get();
  CHECK(told.rank == 1);
  CHECK(std::string(told.errors.front().what()).ends_with("(starting) ended without a word"));
  CHECK(watcher.failure()->rank == 1);
  CHECK(watcher.seconds_since_end());
  CHECK_FALSE(watcher.ended_well());
}

TEST_CASE("goodbyes of all ranks") {
  Watcher watcher({2, 600, "", true, {}});
  for (const int rank : {0, 1}) {
    CHECK_FALSE(watcher.seconds_since_end());
    Rank one(rank);
    REQUIRE(one.watch.connect(watcher.address()) == "");
    one.watch.bye(0);
  }
  while (!watcher.seconds_since_end()) std::this_thread::yield();
  CHECK(watcher.ended_well());
  CHECK_FALSE(watcher.failure());
}

TEST_CASE("a rank that cannot be watched, and one whose watcher goes away") {
  std::optional<Watcher> watcher;
  watcher.emplace(Watcher::Options{2, 600, "", true, {}});
  CHECK(watcher->knows_all());
  watcher->excuse(1);
  CHECK_FALSE(watcher->knows_all());
  Rank rank(0);
  CHECK(rank.watch.connect("nonsense") == "its address has an unknown form");
  REQUIRE(rank.watch.connect(watcher->address()) == "");
  watcher.reset();
  REQUIRE(rank.ended.wait_for(kLong) == std::future_status::ready);
  CHECK(std::string(rank.ended.get().errors.front().what()) == "the process on 127.0.0.1 that watched over this one ended");
  CHECK(Rank(1).watch.connect("s@127.0.0.1:1") == "127.0.0.1:1: Connection refused");
}

TEST_CASE("ranks of which one does not begin are warned and then told the end") {
  std::promise<std::string> said;
  auto heard = said.get_future();
  const Watcher watcher({2, 2, "", true, [&](const std::string& text, bool shown) {
                           if (!shown) said.set_value(text);
                         }});
  Rank rank(0);
  REQUIRE(rank.watch.connect(watcher.address()) == "");
  REQUIRE(rank.ended.wait_for(kLong) == std::future_status::ready);
  const Failure told = rank.ended.get();
  CHECK(std::string(told.errors.front().what()) == "process 1 did not begin within 2 s of the others");
  CHECK((told.rank == 1 && told.step == "-" && told.errors.front().exit_status() == 13));
  CHECK(heard.get() == "Others began 1 s ago, but not process 1.");
  CHECK(rank.warned.get() == "Others began 1 s ago, but not process 1.");
}

TEST_CASE("without a watcher a rank ends MPI_Init itself") {
  Rank rank(0);
  const InOperation here("MPI_Init");
  rank.watch.limit(1);
  REQUIRE(rank.ended.wait_for(kLong) == std::future_status::ready);
  CHECK(std::string(rank.ended.get().errors.front().what()) == "MPI_Init did not end within 1 s: another process did not come");
}
