#include "component/serving/http_connection.h"

#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/read_size.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <cerrno>

#include "component/serving/http_rules.h"

namespace torchport::component {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using ErrorCode = boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::uint32_t kHeader = 16 << 10;              ///< bytes
constexpr std::size_t kBuffer = std::size_t{128} << 10;  ///< bytes: the header and what comes at once with it
constexpr auto kLingering = std::chrono::seconds(2);     ///< for what a client still sends, so that it sees the answer
constexpr auto kHalfClosing = std::chrono::seconds(1);   ///< who ends their side so soon after a request waits for the answer
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

/// What the protocol's reader did not take; nothing where the client has gone.
std::optional<HttpFault> fault_of(const ErrorCode& error, const HttpLimits& limits) {
  if (error == http::error::end_of_stream || error == http::error::partial_message) return std::nullopt;
  if (error == http::error::body_limit)
    return HttpFault{413, "the body is larger than " + std::to_string(limits.body >> 20) + " MiB"};
  if (error == http::error::header_limit || error == http::error::buffer_overflow)
    return HttpFault{431, "the header is larger than " + std::to_string(kHeader >> 10) + " KiB"};
  if (error.category() == make_error_code(http::error::bad_method).category())
    return HttpFault{400, "the request is not HTTP/1.1: " + error.message()};
  return std::nullopt;  // the network's
}

}  // namespace

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::ip::tcp::socket socket, Shared& shared, std::function<void()> gone)
      : stream_(std::move(socket)), shared_(shared), gone_(std::move(gone)) {
    ErrorCode ignored;
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    const auto endpoint = stream_.socket().remote_endpoint(ignored);
    exchange_.client = ignored ? "-" : endpoint.address().to_string();
    shared_.connections.insert(this);
  }
  ~Connection() {
    shared_.bytes -= exchange_.bytes;
    shared_.connections.erase(this);
    gone_();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    if (shared_.connections.size() <= shared_.limits.connections) return read_head();
    if (shared_.connections.size() > 2 * shared_.limits.connections) return;
    begin();
    send_fault({503, "there are too many connections"});
  }

  bool idle() const { return reading_head_ && buffer_.size() == 0 && !parser_->got_some(); }
  void close() { stream_.close(); }

 private:
  void begin() {
    parser_.emplace();
    parser_->header_limit(kHeader);
    parser_->body_limit(shared_.limits.body);
    exchange_ = {exchange_.client, "-", "-", 0, 0, 0, 0};
    began_ = Clock::now();
  }

  void read_head() {
    begin();
    reading_head_ = true;
    stream_.expires_after(shared_.limits.timeout);  // to the end of the header
    pass_empty_lines();
  }

  /// Clients may send some before a request (RFC 9112, 2.2).
  void pass_empty_lines() {
    const auto begins = [this](std::string_view text) {
      const auto* const data = static_cast<const char*>(buffer_.data().data());
      return std::string_view(data, std::min(text.size(), buffer_.size())) == text.substr(0, buffer_.size());
    };
    constexpr std::string_view kEmpty = "\r\n";
    while (buffer_.size() >= kEmpty.size() && begins(kEmpty)) buffer_.consume(kEmpty.size());
    if (!begins(kEmpty)) return read_request_head();
    stream_.async_read_some(buffer_.prepare(beast::read_size(buffer_, kBuffer)),
                            [self = shared_from_this()](ErrorCode error, std::size_t count) {
                              self->buffer_.commit(count);
                              if (!error) return self->pass_empty_lines();
                              self->reading_head_ = false;
                              self->failed(error);
                            });
  }

  void read_request_head() {
    http::async_read_header(stream_, buffer_, *parser_, [self = shared_from_this()](ErrorCode error, std::size_t) {
      self->reading_head_ = false;
      self->have_head(error);
    });
  }

  void have_head(const ErrorCode& error) {
    if (error) return failed(error);
    const auto& request = parser_->get();
    began_ = Clock::now();
    stream_.expires_after(shared_.limits.timeout);  // of the body: the connection may have been kept for long
    head_ = {std::string(request.method_string()), path_of(request.target()), std::string(request[http::field::authorization]),
             std::string(request[http::field::content_encoding])};
    exchange_.method = head_.method;
    exchange_.path = head_.path;
    if (const auto fault = unclear(request)) return send_fault(*fault);
    if (auto refused = shared_.handler.refuse(head_)) return send(std::move(*refused), parser_->is_done());
    if (!parser_->is_done() && request.version() >= 11 && beast::iequals(request[http::field::expect], "100-continue")) {
      return asio::async_write(stream_, asio::buffer(kContinue), [self = shared_from_this()](ErrorCode failed, std::size_t) {
        if (!failed) self->read_body();
      });
    }
    read_body();
  }

  void read_body() {
    if (parser_->is_done()) return answer();
    http::async_read_some(stream_, buffer_, *parser_, [self = shared_from_this()](ErrorCode error, std::size_t) {
      if (error) return self->failed(error);
      if (!self->take()) return self->send_fault({503, "there are too many requests at once"});
      self->read_body();
    });
  }

  /// Counts what has come of the body; false where all bodies are too much together.
  bool take() {
    const std::size_t now = parser_->get().body().size();
    shared_.bytes += now - exchange_.bytes;
    exchange_.bytes = now;
    return shared_.bytes <= shared_.limits.bodies;
  }

  void answer() {
    stream_.expires_never();
    asked_ = Clock::now();
    left_ = std::make_shared<std::atomic<bool>>(false);
    watch();
    // The answer may come by another thread, which must not be the last to hold the connection.
    auto reply = [self = shared_from_this()](HttpAnswer done) mutable {
      const auto executor = self->stream_.get_executor();
      asio::post(executor,
                 [self = std::move(self), given = std::move(done)]() mutable { self->send(std::move(given), /*whole=*/true); });
    };
    shared_.handler.answer(head_, std::move(parser_->get().body()), {std::move(reply), left_});
  }

  /// Notes that the client leaves while it waits for its answer. Whoever ends its side at once after its request still waits.
  void watch() {
    stream_.socket().async_wait(asio::ip::tcp::socket::wait_read, [self = shared_from_this(), left = left_](ErrorCode error) {
      if (error || self->left_ != left) return;  // answered
      char next = 0;
      const auto count = ::recv(self->stream_.socket().native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
      const bool ended = count == 0 && Clock::now() - self->asked_ > kHalfClosing, reset = count < 0 && errno != EAGAIN;
      *left = ended || reset;
    });
  }

  void failed(const ErrorCode& error) {
    if (error == beast::error::timeout && !(parser_->got_some() || buffer_.size() > 0)) return;  // kept alive for nothing
    if (error == beast::error::timeout) exchange_.status = 408;                                  // the client is not told
    const auto fault = fault_of(error, shared_.limits);
    if (fault) return send_fault(*fault);
    if (exchange_.status != 0) finish();
  }

  void send_fault(const HttpFault& fault) { send(shared_.handler.fault(fault.status, fault.reason), /*whole=*/false); }

  /// `whole`: all of the request was read, so that another may follow.
  void send(HttpAnswer answer, bool whole) {
    if (std::exchange(left_, nullptr)) {
      ErrorCode ignored;
      stream_.socket().cancel(ignored);  // watch()
    }
    const auto& request = parser_->get();
    const bool header = parser_->is_header_done();
    keep_ = whole && header && parser_->keep_alive() && !shared_.stopping;
    exchange_.status = answer.status;
    exchange_.rows = answer.rows;
    response_ = {};
    response_.version(header ? request.version() : 11);
    response_.result(static_cast<unsigned>(answer.status));
    response_.set(http::field::date, date());
    response_.set(http::field::content_type, answer.type);
    for (const auto& [name, value] : answer.headers) response_.set(name, value);
    response_.keep_alive(keep_);
    const bool no_body = answer.status == 204 || head_.method == "HEAD";
    if (answer.status != 204) response_.content_length(answer.body.size());
    if (!no_body) response_.body() = std::move(answer.body);
    stream_.expires_after(shared_.limits.timeout);
    http::async_write(stream_, response_, [self = shared_from_this()](ErrorCode error, std::size_t) { self->sent(error); });
  }

  void sent(const ErrorCode& error) {
    finish();
    if (error) return;
    if (keep_ && !shared_.stopping) return read_head();
    ErrorCode ignored;
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    stream_.expires_after(kLingering);
    linger();
  }

  /// Reads what the client still sends: a connection closed with unread bytes is reset, and the answer may be lost with it.
  void linger() {
    stream_.async_read_some(asio::buffer(rest_), [self = shared_from_this()](ErrorCode error, std::size_t) {
      if (!error) self->linger();
    });
  }

  void finish() {
    exchange_.seconds = std::chrono::duration<double>(Clock::now() - began_).count();
    shared_.handler.over(exchange_);
    shared_.bytes -= std::exchange(exchange_.bytes, 0);
    response_ = {};
    head_ = {};
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{kBuffer};
  Shared& shared_;
  const std::function<void()> gone_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  HttpHead head_;
  HttpExchange exchange_;
  Clock::time_point began_, asked_;          ///< a request's first byte, and its last
  std::shared_ptr<std::atomic<bool>> left_;  ///< while an answer is waited for: whether the client has left
  bool reading_head_ = false, keep_ = false;
  std::array<char, 4096> rest_;
};

void start_connection(asio::ip::tcp::socket socket, Shared& shared, std::function<void()> gone) {
  std::make_shared<Connection>(std::move(socket), shared, std::move(gone))->start();
}

void close_idle(Shared& shared) {
  const std::vector<Connection*> all(shared.connections.begin(), shared.connections.end());
  for (Connection* const connection : all)
    if (connection->idle()) connection->close();
}

}  // namespace torchport::component
