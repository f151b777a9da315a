#include "runtime/report/events.h"

#include "runtime/error/exit_status.h"

namespace torchport::runtime {

std::string RunEnded::status() const {
  if (errors.empty()) return "ok";
  return exit_status() == kCanGoOn ? "stopped" : "failed";
}

std::vector<std::unique_ptr<Sink>> make_sinks(const std::vector<std::string>& names, const SinkOptions& options) {
  std::vector<std::unique_ptr<Sink>> made;
  for (const std::string& name : names) made.push_back(sinks().at(name)(options));
  return made;
}

}  // namespace torchport::runtime
