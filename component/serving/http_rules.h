// What HTTP/1.1 asks of a server beyond what Boost.Beast does. Called by http_connection.cpp only.
#pragma once
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/message.hpp>

#include <optional>
#include <string>

namespace torchport::component {

/// Why a request is not taken.
struct HttpFault {
  int status;
  std::string reason;
};

/// What RFC 9112 forbids and Beast lets through. Where two readers see different ends of a request, one may be hidden in another.
std::optional<HttpFault> unclear(const boost::beast::http::request_header<>& request);

/// Of a request's target, without its query. The target may be a whole address (RFC 9112, 3.2.2).
std::string path_of(boost::beast::string_view target);

/// Now: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7)
std::string date();

}  // namespace torchport::component
