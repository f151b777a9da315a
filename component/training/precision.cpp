#include "component/training/precision.h"

#include <cstdint>

#include "models/nn/cpu/cpu_bfloat16.h"

namespace torchport::component {

std::string name_of(Precision precision) { return precision == Precision::bfloat16 ? "bfloat16" : "float32"; }

Precision decide_precision(const std::string& choice, runtime::Control& control, runtime::Log& log) {
  const std::int64_t everywhere = control.least(models::cpu_multiplies_bfloat16() ? 1 : 0);
  if (choice == "bfloat16" && everywhere == 0) {
    log.warning("Not every CPU here has instructions for bfloat16 (AVX512-BF16 or AMX): float32 may be faster on this machine.");
  }
  const bool bfloat16 = choice == "bfloat16" || (choice == "auto" && everywhere == 1);
  const Precision precision = bfloat16 ? Precision::bfloat16 : Precision::float32;
  log.info("Precision: " + name_of(precision) + (choice == "auto" ? ", chosen by what the CPUs can do." : "."));
  if (bfloat16 && !models::cpu_multiplies_bfloat16_faster())
    log.info("Activations are bfloat16; this CPU multiplies float32 faster, so convolutions compute in it.");
  return precision;
}

}  // namespace torchport::component
