#include "component/serving/http_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <unordered_set>

#include "component/serving/http_connection.h"
#include "runtime/error/error.h"

namespace torchport::component {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

namespace {

constexpr auto kBetweenTries = std::chrono::milliseconds(100);

Tcp::endpoint endpoint_of(asio::io_context& io, const std::string& host, int port) {
  const bool brackets = host.starts_with('[') && host.ends_with(']');  // as in addresses: http://[::1]:5001
  const std::string name = brackets ? host.substr(1, host.size() - 2) : host;
  if (name.empty()) throw runtime::Error("FailedToCompleteOperation.host", {{"host", "''"}, {"reason", "there is no address"}});
  try {
    Tcp::resolver resolver(io);
    return *resolver.resolve(name, std::to_string(port), Tcp::resolver::passive | Tcp::resolver::numeric_service);
  } catch (const boost::system::system_error& error) {
    throw runtime::Error("FailedToCompleteOperation.host", {{"host", host}, {"reason", error.code().message()}});
  }
}

Tcp::acceptor listening(asio::io_context& io, const std::string& host, int port) {
  const Tcp::endpoint endpoint = endpoint_of(io, host, port);
  try {
    return Tcp::acceptor(io, endpoint, /*reuse_addr=*/true);
  } catch (const boost::system::system_error& error) {
    throw runtime::Error("FailedToCompleteOperation.listen",
                         {{"host", host}, {"port", std::to_string(port)}, {"reason", error.code().message()}});
  }
}

}  // namespace

struct HttpServer::State {
  State(const std::string& host, int port, const HttpLimits& limits, HttpHandler& handler)
      : shared{handler, limits, {}, 0, false}, acceptor(listening(io, host, port)), again(io), last(io), alive(io.get_executor()) {}
  ~State() { gone = true; }

  void accept() {
    acceptor.async_accept([this](boost::system::error_code error, Tcp::socket socket) {
      if (shared.stopping) return;
      if (error) {  // no file descriptor is left, or the client has gone: the next one may have more luck
        again.expires_after(kBetweenTries);
        return again.async_wait([this](boost::system::error_code) {
          if (!shared.stopping) accept();
        });
      }
      start_connection(std::move(socket), shared, [this] { end_if_over(); });
      accept();
    });
  }

  void stop() {
    if (std::exchange(shared.stopping, true)) return;
    boost::system::error_code ignored;
    acceptor.close(ignored);
    again.cancel();
    close_idle(shared);
    last.expires_after(shared.limits.timeout);
    last.async_wait([this](boost::system::error_code error) {
      if (!error) io.stop();
    });
    end_if_over();
  }

  void end_if_over() {
    if (gone || !shared.stopping || !shared.connections.empty()) return;
    last.cancel();
    alive.reset();
  }

  // Connections that were left go with `io`, and still need these two.
  bool gone = false;
  Shared shared;
  asio::io_context io{1};
  Tcp::acceptor acceptor;
  asio::steady_timer again, last;  // before accept() is tried again; of stop()'s patience
  asio::executor_work_guard<asio::io_context::executor_type> alive;
};

HttpServer::HttpServer(const std::string& host, int port, const HttpLimits& limits, HttpHandler& handler)
    : state_(std::make_shared<State>(host, port, limits, handler)) {}
HttpServer::~HttpServer() = default;

std::string HttpServer::address() const {
  const auto endpoint = state_->acceptor.local_endpoint();
  const std::string host = endpoint.address().to_string();
  return "http://" + (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

bool HttpServer::is_local() const { return state_->acceptor.local_endpoint().address().is_loopback(); }

void HttpServer::run() {
  state_->accept();
  state_->io.run();
}

void HttpServer::stop() {
  asio::post(state_->io, [state = state_] { state->stop(); });
}

}  // namespace torchport::component
