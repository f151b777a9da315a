// The addresses of a deployed model: what is served at each, who may ask, and what is said of it in the log. Torch-free.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "component/serving/health.h"
#include "component/serving/http_server.h"
#include "component/serving/keys.h"
#include "component/serving/photo_queue.h"

namespace torchport::component {

struct ServiceOptions {
  std::string swagger;       ///< the body of /swagger.json
  std::optional<Keys> keys;  ///< without, everybody may ask
  std::function<void(const std::string&)> log;
};

class Service final : public HttpHandler {
 public:
  /// `queue` and `health` must outlive it.
  Service(ServiceOptions options, PhotoQueue& queue, const Health& health)
      : options_(std::move(options)), queue_(queue), health_(health) {}

  std::optional<HttpAnswer> refuse(const HttpHead& head) override;
  void answer(const HttpHead& head, std::string body, HttpReply reply) override;
  HttpAnswer fault(int status, const std::string& reason) override;
  void over(const HttpExchange& exchange) override;

 private:
  HttpAnswer health() const;
  std::string metrics() const;

  const ServiceOptions options_;
  PhotoQueue& queue_;
  const Health& health_;
  std::map<int, std::size_t> requests_;  ///< by status
  std::size_t rows_ = 0;                 ///< answered
  double seconds_ = 0;                   ///< of the requests that were answered
};

/// An answer of {"message": ...}.
HttpAnswer message_answer(int status, std::string_view message);

}  // namespace torchport::component
