#include "models/nn/conversions.h"

#include <torch/torch.h>

#include <cmath>

#include "models/nn/state_dict.h"
#include "runtime/text/text.h"

namespace torchport::models {

void Conversions::add(DType from, const at::Tensor& to, bool counter) {
  if (from != dtype_of(to)) ++(counter ? counters_ : weights_)[from];
}

std::string Conversions::text() const {
  const auto list = [](const std::map<DType, std::size_t>& counts, const std::string& what) {
    std::vector<std::string> parts;
    for (const auto& [dtype, count] : counts)
      parts.push_back(std::to_string(count) + " " + what + " of " + std::string(name(dtype)));
    return runtime::join(parts, ", ");
  };
  std::string text;
  if (!weights_.empty()) text = "Converted to float32: " + list(weights_, "tensors") + ".";
  if (!counters_.empty()) text += std::string(text.empty() ? "" : " ") + "Converted to int64: " + list(counters_, "counters") + ".";
  return text;
}

at::Tensor converted(const at::Tensor& values, const at::Tensor& to, bool counter) {
  if (!counter || values.scalar_type() == to.scalar_type()) return values.to(to.scalar_type()).view(to.sizes());
  constexpr double kMaxWhole = 9007199254740992.0;  // 2^53: from there on doubles skip whole numbers
  const double number = values.to(at::kDouble).item<double>();
  const bool counts = std::isfinite(number) && number >= 0 && number <= kMaxWhole;
  return at::full(to.sizes(), counts ? std::llround(number) : 0LL, to.options());
}

}  // namespace torchport::models
