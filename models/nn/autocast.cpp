#include "models/nn/autocast.h"

#include <ATen/autocast_mode.h>

namespace torchport::models {

AutocastScope::AutocastScope(bool enabled) : outer_(AutocastScope::enabled()) {
  at::autocast::set_autocast_enabled(at::kCPU, enabled);
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  at::autocast::increment_nesting();
}

AutocastScope::~AutocastScope() {
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();  // the converted weights
  at::autocast::set_autocast_enabled(at::kCPU, outer_);
}

bool AutocastScope::enabled() { return at::autocast::is_autocast_enabled(at::kCPU); }

}  // namespace torchport::models
