// A request through libcurl, for the module torchport-http.
#include <curl/curl.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include "runtime/tracking/http_module.h"

extern "C" {
extern const int torchport_module_version;
const int torchport_module_version = torchport::runtime::http_module::kVersion;
}

namespace torchport::runtime::http_module {
namespace {

/// What libcurl's callbacks work on.
struct Transfer {
  const Request& request;
  const Ends& ends;
  std::size_t taken = 0;
};

std::size_t take(char* data, std::size_t, std::size_t bytes, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  transfer.taken += bytes;
  if (transfer.taken > transfer.request.answer_most) return 0;
  transfer.ends.take(transfer.ends.context, data, bytes);
  return bytes;
}

int go_on(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& transfer = *static_cast<Transfer*>(context);
  return transfer.ends.cancelled(transfer.ends.context) ? 1 : 0;
}

struct FreeHandle {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

/// One for each thread: it keeps its connections. Null where libcurl cannot be started.
CURL* handle() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  thread_local const std::unique_ptr<CURL, FreeHandle> kept(ready ? curl_easy_init() : nullptr);
  if (kept) curl_easy_reset(kept.get());
  return kept.get();
}

void set_identity(CURL* curl, const Request& request) {
  if (*request.user != 0) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, request.user);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, request.password);
  } else if (*request.token != 0) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(curl, CURLOPT_XOAUTH2_BEARER, request.token);
  }
  if (*request.authorities != 0) curl_easy_setopt(curl, CURLOPT_CAINFO, request.authorities);
  if (*request.certificate != 0) {
    curl_easy_setopt(curl, CURLOPT_SSLCERT, request.certificate);
    curl_easy_setopt(curl, CURLOPT_SSLKEY, request.certificate);
  }
  if (request.verify) return;
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
  curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
}

}  // namespace

void torchport_http_send(const Request& request, const Ends& ends, Answer& answer) {
  CURL* const curl = handle();
  if (curl == nullptr) {
    std::snprintf(answer.reason, sizeof answer.reason, "libcurl could not be started");
    return;
  }
  Transfer transfer{request, ends};
  std::array<char, CURL_ERROR_SIZE> message{};
  // No "Expect": a server that does not know it would keep each large body waiting for a second.
  const std::unique_ptr<curl_slist, FreeList> headers(
      curl_slist_append(curl_slist_append(nullptr, "Expect:"), (std::string("Content-Type: ") + request.content_type).c_str()));
  curl_easy_setopt(curl, CURLOPT_URL, request.url);
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method);
  if (request.body_bytes != 0) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body_bytes));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  }
  curl_easy_setopt(curl, CURLOPT_USERAGENT, request.agent);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);  // else a name server that is silent is waited for, whatever the time-out
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, request.connect_seconds);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, request.seconds);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, go_on);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  set_identity(curl, request);
  const CURLcode code = curl_easy_perform(curl);
  if (code == CURLE_OK) {
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  } else {
    std::snprintf(answer.reason, sizeof answer.reason, "%s", message[0] ? message.data() : curl_easy_strerror(code));
  }
}

}  // namespace torchport::runtime::http_module
