// The one function of the module torchport-http: a request over HTTP or HTTPS. It has libcurl, which the program torchport does not
// link, so that it starts in milliseconds. Called by runtime/tracking/http.cpp.
#pragma once
#include <cstddef>

namespace torchport::runtime::http_module {

/// The module's interface; to be raised with each change of what follows.
inline constexpr int kVersion = 1;

/// No text is null; "" is none.
struct Request {
  const char* method = "GET";
  const char* url = "";
  const char* content_type = "";
  const char* body = "";
  std::size_t body_bytes = 0;
  const char* user = "";
  const char* password = "";
  const char* token = "";        ///< "Authorization: Bearer", where there is no user
  const char* authorities = "";  ///< file of the certificates that are trusted; "": the system's
  const char* certificate = "";  ///< file of the client's certificate and key
  const char* agent = "";
  bool verify = true;           ///< the server's certificate
  long connect_seconds = 0;     ///< the most until there is a connection
  long seconds = 0;             ///< the most in all
  std::size_t answer_most = 0;  ///< bytes of a larger answer are not waited for
};

/// What came of it. The bytes of the answer went to `take`.
struct Answer {
  long status = 0;        ///< of HTTP; 0 where there was no whole answer
  char reason[300] = "";  ///< why there was none; it has no secret
};

/// The caller's ends. They must not throw.
struct Ends {
  void* context;
  void (*take)(void* context, const char* bytes, std::size_t count);
  bool (*cancelled)(void* context);  ///< asked about once a second, and at each piece
};

/// Redirects are not followed. The variables http_proxy, https_proxy and no_proxy are honoured. A connection is kept for the next
/// request of the same thread.
using SendFunction = void(const Request& request, const Ends& ends, Answer& answer);
extern "C" SendFunction torchport_http_send;

}  // namespace torchport::runtime::http_module
