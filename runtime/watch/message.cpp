#include "runtime/watch/message.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "runtime/text/json.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

constexpr std::size_t kMostUnsent = 256 * 1024;  ///< bytes that a reader may be behind
constexpr std::string_view kUnwatched = "torchport: process ", kUnwatchedEnd = " is not watched: ";

std::optional<int> number_in(std::string_view text) {
  int number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

nlohmann::json to_json(const Stand& stand) {
  return {
      {"phase", static_cast<int>(stand.phase)}, {"at", stand.at},         {"entered", stand.entered}, {"finished", stand.finished},
      {"operation", stand.operation},           {"number", stand.number}, {"waited", stand.waited}};
}

Stand stand_of(const nlohmann::json& json) {
  Stand stand;
  const int phase = json.at("phase").get<int>();
  if (phase < 0 || phase >= static_cast<int>(kPhaseNames.size())) throw JsonError("has an unknown phase");
  stand.phase = static_cast<Phase>(phase);
  stand.at = json.at("at").get<std::string>();
  stand.entered = json.at("entered").get<std::int64_t>();
  stand.finished = json.at("finished").get<std::int64_t>();
  stand.operation = json.at("operation").get<std::string>();
  stand.number = json.at("number").get<std::int64_t>();
  stand.waited = json.at("waited").get<double>();
  return stand;
}

nlohmann::json to_json(const Failure& failure) {
  nlohmann::json errors = nlohmann::json::array();
  for (const Error& error : failure.errors) errors.push_back(error.encode());
  return {{"rank", failure.rank}, {"step", failure.step}, {"errors", errors}};
}

Failure failure_of(const nlohmann::json& json) {
  Failure failure{{}, json.at("rank").get<int>(), json.at("step").get<std::string>()};
  for (const auto& error : json.at("errors")) failure.errors.push_back(Error::decode(error.get<std::string>()));
  if (failure.errors.empty()) throw JsonError("has no error");
  return failure;
}

std::string WatchAddress::text() const { return token + "@" + join(hosts, ",") + ":" + std::to_string(port); }

std::optional<WatchAddress> WatchAddress::read(std::string_view text) {
  const std::size_t at = text.find('@'), colon = text.rfind(':');
  if (at == text.npos || colon == text.npos || at == 0 || colon <= at + 1) return std::nullopt;
  const auto port = number_in(text.substr(colon + 1));
  if (!port || *port <= 0 || *port > 65535) return std::nullopt;
  return WatchAddress{std::string(text.substr(0, at)), split(text.substr(at + 1, colon - at - 1), ','),
                      static_cast<std::uint16_t>(*port)};
}

std::string unwatched_line(int rank, const std::string& reason) {
  return std::string(kUnwatched) + std::to_string(rank) + std::string(kUnwatchedEnd) + visible(reason) + "\n";
}

std::optional<int> unwatched_rank(std::string_view line) {
  const std::size_t end = line.find(kUnwatchedEnd);
  if (!line.starts_with(kUnwatched) || end == line.npos) return std::nullopt;
  return number_in(line.substr(kUnwatched.size(), end - kUnwatched.size()));
}

LineSocket& LineSocket::operator=(LineSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(in_, other.in_);
  std::swap(out_, other.out_);
  return *this;
}

void LineSocket::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void LineSocket::send(const nlohmann::json& message) {
  if (!open()) return;
  out_ += message.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
  flush();
  if (out_.size() > kMostUnsent) out_.clear(), close();
}

void LineSocket::flush() {
  while (open() && !out_.empty()) {
    const ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK) out_.clear();  // what is left to read tells of the end
      return;
    }
    out_.erase(0, static_cast<std::size_t>(sent));
  }
}

bool LineSocket::receive() {
  std::array<char, 4096> piece{};
  while (open()) {
    const ssize_t got = recv(fd_, piece.data(), piece.size(), MSG_DONTWAIT);
    if (got > 0) {
      in_.append(piece.data(), static_cast<std::size_t>(got));
      if (got < static_cast<ssize_t>(piece.size())) return true;
    } else if (got == 0) {
      return false;
    } else if (errno != EINTR) {
      return errno == EAGAIN || errno == EWOULDBLOCK;
    }
    if (in_.size() > kMostUnsent) return true;
  }
  return false;
}

std::optional<std::string> LineSocket::line(std::size_t longest) {
  const std::size_t end = in_.find('\n');
  if (std::min(end, in_.size()) > longest) {
    in_.clear();
    close();
  }
  if (!open() || end == in_.npos) return std::nullopt;
  std::string line = in_.substr(0, end);
  in_.erase(0, end + 1);
  return line;
}

}  // namespace torchport::runtime
