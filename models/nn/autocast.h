// Mixed precision: while a scope is alive, convolutions and linear layers of this thread compute in bfloat16 from float32 weights.
// The trainer opens one around each forward pass; recompute.cpp opens one again where a part of that pass runs a second time.
#pragma once
#include <c10/core/DeviceType.h>

namespace torchport::models {

/// PyTorch's autocast for one kind of device, as torch.autocast(device, torch.bfloat16, enabled): what must stay float32 does.
/// Nothing in the scope may change a weight, because each is converted once in a scope. Scopes nest.
class AutocastScope {
 public:
  AutocastScope(c10::DeviceType device, bool enabled);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

  /// Whether this thread's innermost scope for that kind of device is an enabled one.
  static bool enabled(c10::DeviceType device);

 private:
  c10::DeviceType device_;
  bool outer_;
};

}  // namespace torchport::models
