#include "component/training/precision.h"

#include <cstdint>

#include "component/training/device.h"
#include "models/nn/cpu/cpu_bfloat16.h"

namespace torchport::component {

std::string name_of(Precision precision) { return precision == Precision::bfloat16 ? "bfloat16" : "float32"; }

Precision decide_precision(const std::string& choice, const std::string& unit, std::string_view why_slow, runtime::Control& control,
                           runtime::Log& log) {
  const std::int64_t fast_everywhere = control.least(why_slow.empty() ? 1 : 0);
  if (choice == "bfloat16" && fast_everywhere == 0) {
    log.warning("bfloat16 is slower than float32 on " +
                (why_slow.empty() ? "the " + unit + " of another process." : "this " + unit + ": " + std::string(why_slow) + "."));
  }
  const bool bfloat16 = choice == "bfloat16" || (choice == "auto" && fast_everywhere == 1);
  const Precision precision = bfloat16 ? Precision::bfloat16 : Precision::float32;
  log.info("Precision: " + name_of(precision) + (choice == "auto" ? ", chosen by what the " + unit + "s can do." : "."));
  return precision;
}

Precision decide_precision(runtime::Context& ctx, const std::string& choice, const Device& device) {
  const std::string_view why_slow = device.is_host() ? models::why_bfloat16_is_slow(models::bfloat16_features()) : "";
  const Precision precision = decide_precision(choice, device.is_host() ? "CPU" : "GPU", why_slow, ctx.control, ctx.log);
  ctx.record.set("precision", name_of(precision));
  return precision;
}

}  // namespace torchport::component
