// Mixed precision: while a scope is alive, convolutions and linear layers of this thread compute in bfloat16 from float32 weights.
// The trainer opens one around each forward pass; recompute.cpp opens one again where a part of that pass runs a second time.
#pragma once

namespace torchport::models {

/// PyTorch's autocast for the CPU, as torch.autocast("cpu", torch.bfloat16, enabled): what must stay float32 does. Nothing in the
/// scope may change a weight, because each is converted once in a scope. Scopes nest.
class AutocastScope {
 public:
  explicit AutocastScope(bool enabled);
  ~AutocastScope();
  AutocastScope(const AutocastScope&) = delete;
  AutocastScope& operator=(const AutocastScope&) = delete;

  /// Whether the innermost scope of this thread is an enabled one.
  static bool enabled();

 private:
  bool outer_;
};

}  // namespace torchport::models
