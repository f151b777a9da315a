#include "component/training/recipe/rate_finder.h"

#include <algorithm>
#include <cmath>

namespace torchport::component {

namespace {

constexpr double kFirst = 1e-7, kLast = 10;  // fastai's defaults
constexpr double kKept = 0.98;               // of the average, at each update
constexpr double kDiverged = 4;              // times the least smoothed loss
constexpr std::size_t kBeginning = 10, kEnd = 5;

}  // namespace

double RateFinder::rate(std::int64_t update) const {
  return kFirst *
         std::pow(kLast / kFirst, static_cast<double>(update) / static_cast<double>(std::max<std::int64_t>(updates_ - 1, 1)));
}

double RateFinder::next() const { return rate(static_cast<std::int64_t>(losses_.size())); }

bool RateFinder::add(double loss) {
  if (!std::isfinite(loss)) return false;
  losses_.push_back(loss);
  average_ = kKept * average_ + (1 - kKept) * loss;
  smoothed_.push_back(average_ / (1 - std::pow(kKept, static_cast<double>(losses_.size()))));
  least_ = losses_.size() == 1 ? smoothed_.back() : std::min(least_, smoothed_.back());
  return smoothed_.back() <= kDiverged * least_ && static_cast<std::int64_t>(losses_.size()) < updates_;
}

RateFinder::Curve RateFinder::curve() const {
  Curve curve{{}, losses_, smoothed_, std::nullopt};
  for (std::size_t i = 0; i < losses_.size(); ++i) curve.rates.push_back(rate(static_cast<std::int64_t>(i)));
  double fastest = 0;
  for (std::size_t i = kBeginning + 1; i + kEnd + 1 < smoothed_.size(); ++i) {
    const double slope = (smoothed_[i + 1] - smoothed_[i - 1]) / 2;  // rates are one factor apart, so that a place is a logarithm
    if (slope >= fastest) continue;
    fastest = slope;
    curve.steepest = curve.rates[i];
  }
  return curve;
}

}  // namespace torchport::component
