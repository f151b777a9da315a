// Requests to a server over HTTP or HTTPS, by the module torchport-http, which is loaded with the first. Called by the client of
// MLflow.
#pragma once
#include <atomic>
#include <stdexcept>
#include <string>

namespace torchport::runtime {

/// A server, and how to show who asks.
struct HttpServer {
  std::string url;  ///< http or https, without a slash at its end
  std::string user, password, token;
  std::string authorities, certificate;  ///< files: trusted certificates in place of the system's; the client's own
  bool verify = true;                    ///< the server's certificate
};

struct HttpRequest {
  std::string method, path;  ///< behind the server's URL, from its slash on
  std::string content_type, body;
};

struct HttpAnswer {
  long status = 0;
  std::string body;
};

/// There was no whole answer. The text has no secret of the server's.
struct HttpError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Waits for at most 5 seconds for a connection, and 30 for the answer; `cancelled` is looked at once a second.
/// \throws HttpError, and Error where the module cannot be loaded
HttpAnswer http_send(const HttpServer& server, const HttpRequest& request, const std::atomic<bool>& cancelled);

}  // namespace torchport::runtime
