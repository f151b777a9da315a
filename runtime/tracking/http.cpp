#include "runtime/tracking/http.h"

#include "runtime/module.h"
#include "runtime/tracking/http_module.h"
#include "runtime/version.h"

namespace torchport::runtime {
namespace {

constexpr long kConnectSeconds = 5, kSeconds = 30;
constexpr std::size_t kMostAnswer = std::size_t{16} << 20;  ///< bytes; ours have a few hundred

http_module::SendFunction* loaded() {
  static auto* const function = reinterpret_cast<http_module::SendFunction*>(
      load_function({"torchport-http", "talks to servers", http_module::kVersion}, "torchport_http_send"));
  return function;
}

/// What the module's callbacks work on.
struct Exchange {
  std::string body;
  const std::atomic<bool>& cancelled;
};

}  // namespace

HttpAnswer http_send(const HttpServer& server, const HttpRequest& request, const std::atomic<bool>& cancelled) {
  const std::string url = server.url + request.path, agent = "torchport/" + version();
  http_module::Request asked;
  asked.method = request.method.c_str();
  asked.url = url.c_str();
  asked.content_type = request.content_type.c_str();
  asked.body = request.body.data();
  asked.body_bytes = request.body.size();
  asked.user = server.user.c_str();
  asked.password = server.password.c_str();
  asked.token = server.token.c_str();
  asked.authorities = server.authorities.c_str();
  asked.certificate = server.certificate.c_str();
  asked.agent = agent.c_str();
  asked.verify = server.verify;
  asked.connect_seconds = kConnectSeconds;
  asked.seconds = kSeconds;
  asked.answer_most = kMostAnswer;
  Exchange exchange{"", cancelled};
  const http_module::Ends ends{
      &exchange,
      [](void* context, const char* bytes, std::size_t count) { static_cast<Exchange*>(context)->body.append(bytes, count); },
      [](void* context) { return static_cast<Exchange*>(context)->cancelled.load(); }};
  http_module::Answer answer;
  loaded()(asked, ends, answer);
  if (answer.status == 0) throw HttpError(answer.reason);
  return {answer.status, std::move(exchange.body)};
}

}  // namespace torchport::runtime
