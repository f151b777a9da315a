#include "component/serving/http_rules.h"

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/fields.hpp>

#include <array>
#include <ctime>

namespace torchport::component {

namespace beast = boost::beast;
namespace http = beast::http;

std::optional<HttpFault> unclear(const http::request_header<>& request) {
  const auto codings = request.count(http::field::transfer_encoding), hosts = request.count(http::field::host);
  if (codings > 0 && request.version() < 11) return HttpFault{400, "Transfer-Encoding is not of HTTP/1.0"};
  if (codings > 1 || (codings > 0 && !beast::iequals(request[http::field::transfer_encoding], "chunked")))
    return HttpFault{501, "the body has another Transfer-Encoding than chunked"};
  if (hosts > 1 || (hosts == 0 && request.version() >= 11)) return HttpFault{400, "the request does not have one Host"};
  return std::nullopt;
}

std::string path_of(beast::string_view target) {
  target = target.substr(0, target.find('?'));
  for (const beast::string_view scheme : {"http://", "https://"}) {
    if (!beast::iequals(target.substr(0, scheme.size()), scheme)) continue;
    const auto slash = target.find('/', scheme.size());
    return slash == target.npos ? "/" : std::string(target.substr(slash));
  }
  return std::string(target);
}

std::string date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc)};
}

}  // namespace torchport::component
