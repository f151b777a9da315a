// Which numbers a network computes in. Called by the components that compute, before the network is built.
#pragma once
#include <string>
#include <string_view>

#include "runtime/control.h"
#include "runtime/report/log.h"
#include "runtime/request/context.h"

namespace torchport::component {

class Device;

/// The spec's parameter `precision`; weights, gradients, batch-norm statistics and the loss are float32 all the same.
enum class Precision { float32, bfloat16 };

/// "float32" or "bfloat16", as in the spec's choices.
std::string name_of(Precision precision);

/// What a choice of the spec means here: `auto` is bfloat16 where the units of all ranks, "CPU" or "GPU", multiply it faster than
/// float32. `why_slow` says why this rank's does not, and is empty where it does. The same on all ranks; says so in the log.
Precision decide_precision(const std::string& choice, const std::string& unit, std::string_view why_slow, runtime::Control& control,
                           runtime::Log& log);

/// The same for where a component computes; the record says it too.
Precision decide_precision(runtime::Context& ctx, const std::string& choice, const Device& device);

}  // namespace torchport::component
