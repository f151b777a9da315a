#include "models/nn/cpu/cpu_bfloat16.h"

#include <ATen/cpu/Utils.h>

#include <string>

namespace torchport::models {

Bfloat16Features bfloat16_features() {
  const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto has = [&](const std::string& instructions) {
    const auto found = capabilities.find(instructions);
    return found != capabilities.end() && found->second.isBool() && found->second.toBool();
  };
#if defined(__x86_64__)
  const bool built_for_amx = __builtin_cpu_is("intel") != 0 && __builtin_cpu_supports("avx512fp16") != 0;
#else
  const bool built_for_amx = false;
#endif
  return {has("avx512_bf16"), has("amx_bf16"), built_for_amx};
}

std::string_view why_bfloat16_is_slow(const Bfloat16Features& cpu) {
  if (cpu.amx_bf16) return "";
  if (!cpu.avx512_bf16) return "it has no instructions for bfloat16 (AVX512-BF16 or AMX)";
  // Measured: AVX512-BF16 makes fewer products in a cycle there than float32's instructions (docs/results.md, machine D).
  if (cpu.built_for_amx)
    return "its AMX is hidden, perhaps by a virtual machine, and AVX512-BF16 alone is slower than float32's instructions";
  return "";
}

}  // namespace torchport::models
