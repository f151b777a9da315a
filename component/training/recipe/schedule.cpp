#include "component/training/recipe/schedule.h"

#include <cmath>
#include <numbers>

namespace torchport::component {

namespace {
constexpr double kWarmupStart = 1e-4;  // the optimizer's base rate, at which the first warm-up epoch runs
constexpr double kFinal = 1e-7;        // where the polynomial decay would end, one epoch after the last
}  // namespace

double learning_rate(const Schedule& schedule, std::int64_t epoch) {
  const auto e = static_cast<double>(epoch), warmup = static_cast<double>(schedule.warmup_epochs);
  if (epoch < schedule.warmup_epochs) return kWarmupStart + (schedule.peak - kWarmupStart) * e / warmup;
  const double gone = (e - warmup) / (static_cast<double>(schedule.epochs) - warmup);
  if (schedule.decay == Decay::cosine) return schedule.peak * (1 + std::cos(std::numbers::pi * gone)) / 2;
  const double left = 1.0 - gone;
  return (schedule.peak - kFinal) * left * left + kFinal;
}

}  // namespace torchport::component
