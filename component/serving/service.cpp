#include "component/serving/service.h"

#include <algorithm>

#include "component/serving/question.h"
#include "runtime/text/format.h"
#include "runtime/text/text.h"
#include "runtime/text/utc.h"

namespace torchport::component {
namespace {

constexpr std::size_t kShown = 200;  ///< bytes of a client's path in the log
constexpr const char* kRetrySeconds = "1";

struct Route {
  std::string_view path, methods;
  bool open;  ///< to those without a key: who looks whether it lives has none
};
constexpr Route kRoutes[] = {{"/", "GET, HEAD, OPTIONS", true},
                             {"/score", "POST, OPTIONS", false},
                             {"/swagger.json", "GET, HEAD, OPTIONS", false},
                             {"/metrics", "GET, HEAD, OPTIONS", false}};

/// What a path means behind Azure's prefix for several services of a cluster, /api/v1/service/NAME.
std::string_view own_path(std::string_view path) {
  constexpr std::string_view kPrefix = "/api/v1/service/";
  if (!path.starts_with(kPrefix)) return path;
  const std::size_t name = path.find('/', kPrefix.size());
  if (name == path.npos) return path.size() > kPrefix.size() ? "/" : path;
  return name > kPrefix.size() ? path.substr(name) : path;
}

const Route* route_of(std::string_view path) {
  const auto found = std::find_if(std::begin(kRoutes), std::end(kRoutes), [&](const Route& route) { return route.path == path; });
  return found == std::end(kRoutes) ? nullptr : found;
}

bool allows(const Route& route, const std::string& method) {
  const auto methods = runtime::split(route.methods, ',');
  return std::any_of(methods.begin(), methods.end(), [&](const auto& one) { return runtime::trimmed(one) == method; });
}

}  // namespace

HttpAnswer message_answer(int status, std::string_view message) {
  HttpAnswer answer{status, message_json(message)};
  if (status == 429 || status == 503) answer.headers.emplace_back("Retry-After", kRetrySeconds);
  return answer;
}

HttpAnswer Service::fault(int status, const std::string& reason) { return message_answer(status, reason); }

std::optional<HttpAnswer> Service::refuse(const HttpHead& head) {
  const Route* const route = route_of(own_path(head.path));
  if (options_.keys && !(route && route->open) && head.method != "OPTIONS" && !options_.keys->admit(head.authorization)) {
    HttpAnswer answer = message_answer(401, "the request has no key of this service: Authorization: Bearer KEY");
    answer.headers.emplace_back("WWW-Authenticate", "Bearer");
    return answer;
  }
  if (!route) return message_answer(404, "there is nothing at '" + head.path.substr(0, kShown) + "'; images are scored at /score");
  if (!allows(*route, head.method)) {
    HttpAnswer answer =
        message_answer(405, std::string(route->path) + " takes " + std::string(route->methods) + ", not " + head.method);
    answer.headers.emplace_back("Allow", std::string(route->methods));
    return answer;
  }
  if (!head.encoding.empty() && head.encoding != "identity")
    return message_answer(415, "the body is compressed (" + head.encoding.substr(0, kShown) + "); send it as it is");
  return std::nullopt;
}

HttpAnswer Service::health() const {
  const auto fault = health_.fault();
  return fault ? message_answer(503, "the network does not compute any more: " + *fault) : HttpAnswer{200, "Healthy", "text/plain"};
}

void Service::answer(const HttpHead& head, std::string body, HttpReply reply) {
  const Route& route = *route_of(own_path(head.path));
  if (head.method == "OPTIONS") return reply({204, "", "text/plain", {{"Allow", std::string(route.methods)}}});
  if (route.path == "/") return reply(health());
  if (route.path == "/swagger.json") return reply({200, options_.swagger});
  if (route.path == "/metrics") return reply({200, metrics(), "text/plain; version=0.0.4"});
  if (!queue_.add(body, reply)) reply(message_answer(429, "too many requests wait already"));
}

void Service::over(const HttpExchange& exchange) {
  ++requests_[exchange.status];
  if (exchange.status == 200 && exchange.rows > 0) {
    rows_ += exchange.rows;
    seconds_ += exchange.seconds;
  }
  options_.log(runtime::formatted("%s %s %s %s %d rows=%zu bytes=%zu ms=%.1f", runtime::utc_text().c_str(), exchange.client.c_str(),
                                  runtime::escape(exchange.method).c_str(),
                                  runtime::escape(exchange.path.substr(0, kShown)).c_str(), exchange.status, exchange.rows,
                                  exchange.bytes, 1000 * exchange.seconds));
}

std::string Service::metrics() const {
  std::string text =
      "# HELP torchport_requests_total Requests by the status of their answer.\n# TYPE torchport_requests_total counter\n";
  for (const auto& [status, count] : requests_)
    text += runtime::formatted("torchport_requests_total{status=\"%d\"} %zu\n", status, count);
  const auto one = [&](const char* name, const char* type, const char* help, const std::string& value) {
    text += runtime::formatted("# HELP torchport_%s %s\n# TYPE torchport_%s %s\ntorchport_%s %s\n", name, help, name, type, name,
                               value.c_str());
  };
  one("rows_total", "counter", "Images that were scored.", std::to_string(rows_));
  one("scoring_seconds_total", "counter", "Time of the requests that were scored, waiting included.",
      runtime::formatted("%.6f", seconds_));
  one("healthy", "gauge", "1, or 0 where the network does not compute any more.", health_.fault() ? "0" : "1");
  one("waiting_requests", "gauge", "Requests that wait for the network.", std::to_string(queue_.size()));
  return text;
}

}  // namespace torchport::component
