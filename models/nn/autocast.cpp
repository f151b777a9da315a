#include "models/nn/autocast.h"

#include <ATen/autocast_mode.h>

namespace torchport::models {

AutocastScope::AutocastScope(c10::DeviceType device, bool enabled) : device_(device), outer_(AutocastScope::enabled(device)) {
  at::autocast::set_autocast_enabled(device_, enabled);
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::increment_nesting();
}

AutocastScope::~AutocastScope() {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();  // the converted weights
  at::autocast::set_autocast_enabled(device_, outer_);
}

bool AutocastScope::enabled(c10::DeviceType device) { return at::autocast::is_autocast_enabled(device); }

}  // namespace torchport::models
