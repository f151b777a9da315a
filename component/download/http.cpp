#include "component/download/http.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>

#include "runtime/version.h"

namespace torchport::component {
namespace {

// A machine that can be reached answers within a second or two; where there is no network, nobody should wait for long.
constexpr long kConnectSeconds = 5;
constexpr long kMaxRedirects = 5;
constexpr long kTooManyRequests = 429, kRequestTimeout = 408, kServerError = 500;

/// What libcurl's callbacks work on. An exception must not pass through C: it waits in `thrown`.
struct Transfer {
  const Download& request;
  std::size_t done = 0;
  std::exception_ptr thrown;
};

template <class Action>
bool guarded(Transfer& transfer, Action&& action) {
  try {
    action();
    return true;
  } catch (...) {
    transfer.thrown = std::current_exception();
    return false;
  }
}

std::size_t take(char* data, std::size_t, std::size_t bytes, void* context) {
  auto& transfer = *static_cast<Transfer*>(context);
  const bool good = guarded(transfer, [&] {
    transfer.done += bytes;
    if (transfer.done > transfer.request.max_bytes) {
      throw DownloadError("it is larger than " + std::to_string(transfer.request.max_bytes) + " bytes", false);
    }
    transfer.request.sink(data, bytes);
  });
  return good ? bytes : 0;
}

int report(void* context, curl_off_t total, curl_off_t done, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(context);
  const bool good =
      guarded(transfer, [&] { transfer.request.progress(static_cast<std::size_t>(done), static_cast<std::size_t>(total)); });
  return good ? 0 : 1;
}

bool is_transient(CURLcode code, long status) {
  switch (code) {
    case CURLE_HTTP_RETURNED_ERROR:
      return status >= kServerError || status == kTooManyRequests || status == kRequestTimeout;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_TOO_MANY_REDIRECTS:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_FILESIZE_EXCEEDED:
      return false;
    default:
      return true;
  }
}

}  // namespace

void download(const Download& request) {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(ready ? curl_easy_init() : nullptr, curl_easy_cleanup);
  if (!handle) throw DownloadError("libcurl could not be started", false);
  CURL* const curl = handle.get();
  Transfer transfer{request, 0, nullptr};
  std::array<char, CURL_ERROR_SIZE> message{};
  const std::string agent = "torchport/" + runtime::version();

  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_USERAGENT, agent.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, kMaxRedirects);
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, request.url.starts_with("https:") ? "https" : "http,https");
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L);  // else a name server that is silent is waited for, whatever the time-out
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, std::min<long>(kConnectSeconds, request.stall_seconds));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall_seconds));
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, report);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);

  const CURLcode code = curl_easy_perform(curl);
  if (transfer.thrown) std::rethrow_exception(transfer.thrown);
  if (code == CURLE_OK) return;
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  throw DownloadError(message[0] ? message.data() : curl_easy_strerror(code), is_transient(code, status));
}

}  // namespace torchport::component
