// One connection of a client to HttpServer, from its first request to its end. Called by http_server.cpp only.
#pragma once
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <unordered_set>

#include "component/serving/http_server.h"

namespace torchport::component {

class Connection;

/// What the connections of a server have together; of its thread alone.
struct Shared {
  HttpHandler& handler;
  const HttpLimits limits;
  std::unordered_set<Connection*> connections;
  std::size_t bytes;  ///< of bodies that are not answered yet
  bool stopping;
};

/// Serves it until it ends; `gone` is called then.
void start_connection(boost::asio::ip::tcp::socket socket, Shared& shared, std::function<void()> gone);

/// Ends the connections that wait for a request.
void close_idle(Shared& shared);

}  // namespace torchport::component
