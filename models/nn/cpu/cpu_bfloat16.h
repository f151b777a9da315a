// Whether this CPU is fast at bfloat16 numbers. Read from its features and not measured, so that the same machine computes the same
// numbers each time. Called by component/train_pytorch_model.cpp.
#pragma once
#include <string_view>

namespace torchport::models {

/// What decides it. `built_for_amx`: an Intel CPU that was built to multiply bfloat16 by AMX.
struct Bfloat16Features {
  bool avx512_bf16, amx_bf16, built_for_amx;
};
Bfloat16Features bfloat16_features();

/// Why a CPU of these features multiplies bfloat16 more slowly than float32, as the end of a sentence; empty where it is faster.
std::string_view why_bfloat16_is_slow(const Bfloat16Features& cpu);

}  // namespace torchport::models
