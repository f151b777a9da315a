#include "models/nn/cpu/cpu_bfloat16.h"

#include <ATen/cpu/Utils.h>

#include <string>

namespace torchport::models {
namespace {

bool has(const std::string& instructions) {
  static const auto capabilities = at::cpu::get_cpu_capabilities();
  const auto found = capabilities.find(instructions);
  return found != capabilities.end() && found->second.isBool() && found->second.toBool();
}

// An Intel CPU that has AVX512-FP16 was built to multiply bfloat16 by AMX, which a virtual machine may hide: its AVX512-BF16 makes
// fewer products in a cycle than float32's instructions (docs/results.md, machine D).
bool relies_on_amx() { return __builtin_cpu_is("intel") != 0 && __builtin_cpu_supports("avx512fp16") != 0; }

}  // namespace

bool cpu_multiplies_bfloat16() { return has("avx512_bf16") || has("amx_bf16"); }

bool cpu_multiplies_bfloat16_faster() { return has("amx_bf16") || (has("avx512_bf16") && !relies_on_amx()); }

}  // namespace torchport::models
