#include "component/training/precision.h"

#include <ATen/cpu/Utils.h>

#include <cstdint>

namespace torchport::component {

std::string name_of(Precision precision) { return precision == Precision::bfloat16 ? "bfloat16" : "float32"; }

bool cpu_multiplies_bfloat16() {
  const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto has = [&](const std::string& name) {
    const auto found = capabilities.find(name);
    return found != capabilities.end() && found->second.isBool() && found->second.toBool();
  };
  return has("avx512_bf16") || has("amx_bf16");
}

Precision decide_precision(const std::string& choice, runtime::Collective& collective, runtime::Log& log) {
  std::int64_t everywhere = cpu_multiplies_bfloat16() ? 1 : 0;
  collective.all_reduce(&everywhere, 1, runtime::DataType::int64, runtime::Reduction::min);
  if (choice == "bfloat16" && everywhere == 0) {
    log.warning("Not every CPU here has instructions for bfloat16 (AVX512-BF16 or AMX): float32 is faster on this machine.");
  }
  const bool bfloat16 = choice == "bfloat16" || (choice == "auto" && everywhere == 1);
  const Precision precision = bfloat16 ? Precision::bfloat16 : Precision::float32;
  log.info("Precision: " + name_of(precision) + (choice == "auto" ? ", chosen by what the CPUs can do." : "."));
  return precision;
}

}  // namespace torchport::component
