// Downloads a file over HTTP or HTTPS: the only place that knows libcurl. Called by fetch_weights.
#pragma once
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>

namespace torchport::component {

struct Download {
  std::string url;
  std::size_t max_bytes;
  int stall_seconds;                                       ///< without a byte for so long it has failed
  std::function<void(const void*, std::size_t)> sink;      ///< gets the bytes in order; what it throws ends the download
  std::function<void(std::size_t, std::size_t)> progress;  ///< bytes so far and in all (0: not known), about once a second
};

/// Why a download failed, and whether another try may succeed.
struct DownloadError : std::runtime_error {
  DownloadError(const std::string& reason, bool transient_) : std::runtime_error(reason), transient(transient_) {}
  bool transient;
};

/// Follows redirects, but none from HTTPS to HTTP. The variables http_proxy, https_proxy and no_proxy are honoured.
/// \throws DownloadError
void download(const Download& request);

}  // namespace torchport::component
