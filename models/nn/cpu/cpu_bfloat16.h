// What the CPU can do with bfloat16 numbers.
#pragma once

namespace torchport::models {

/// Whether this CPU multiplies them itself (AVX512-BF16 or AMX).
bool cpu_multiplies_bfloat16();

/// Whether it does, and faster than float32 numbers.
bool cpu_multiplies_bfloat16_faster();

}  // namespace torchport::models
