#include "runtime/report/events.h"

namespace torchport::runtime {
namespace {

constexpr int kStopped = 75;  ///< spec/errors.yaml: run it again to go on

}  // namespace

std::string RunEnded::status() const {
  if (errors.empty()) return "ok";
  return exit_status() == kStopped ? "stopped" : "failed";
}

std::vector<std::unique_ptr<Sink>> make_sinks(const std::vector<std::string>& names, const SinkOptions& options) {
  std::vector<std::unique_ptr<Sink>> made;
  for (const std::string& name : names) made.push_back(sinks().at(name)(options));
  return made;
}

}  // namespace torchport::runtime
