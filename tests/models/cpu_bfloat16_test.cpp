// Which CPUs are fast at bfloat16.
#include "models/nn/cpu/cpu_bfloat16.h"

#include "tests/support/catch.h"

using torchport::models::why_bfloat16_is_slow;

TEST_CASE("bfloat16: fast with AMX, or with AVX512-BF16 on a CPU that was not built for AMX", "[bfloat16]") {
  CHECK(why_bfloat16_is_slow({.avx512_bf16 = true, .amx_bf16 = true, .built_for_amx = true}).empty());
  CHECK(why_bfloat16_is_slow({.avx512_bf16 = true, .amx_bf16 = false, .built_for_amx = false}).empty());
  CHECK(why_bfloat16_is_slow({.avx512_bf16 = true, .amx_bf16 = false, .built_for_amx = true}) ==
        "its AMX is hidden, perhaps by a virtual machine, and AVX512-BF16 alone is slower than float32's instructions");
  CHECK(why_bfloat16_is_slow({.avx512_bf16 = false, .amx_bf16 = false, .built_for_amx = false}) ==
        "it has no instructions for bfloat16 (AVX512-BF16 or AMX)");
}
