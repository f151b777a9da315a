#include "runtime/report/events.h"

namespace torchport::runtime {

Events::Events(const SinkOptions& options) {
  for (const auto& [name, make] : sinks()) sinks_.push_back(make(options));
}

void Events::send(const Event& event) {
  for (const auto& sink : sinks_) sink->on(event);
}

}  // namespace torchport::runtime
