#include "component/training/recipe/mixup.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/_standard_gamma.h>
#include <ATen/ops/full.h>
#include <ATen/ops/roll.h>

#include <cmath>

#include "datasets/random.h"

namespace torchport::component {

namespace {
constexpr std::uint64_t kStream = 0x6d69787570;  // "mixup": not the stream of an image's augmentation, whose keys begin alike
}

// X / (X + Y) with X, Y ~ Gamma(alpha). By logarithms and Gamma(alpha) = Gamma(alpha + 1) * U^(1 / alpha), as a small alpha makes X
// and Y too small for a double.
double mixup_share(double alpha, std::int64_t seed, std::int64_t epoch, std::int64_t step) {
  if (alpha == 0) return 1;
  datasets::RandomStream random(
      {kStream, static_cast<std::uint64_t>(seed), static_cast<std::uint64_t>(epoch), static_cast<std::uint64_t>(step)});
  const at::Tensor gammas =
      at::_standard_gamma(at::full({2}, alpha + 1, at::kDouble), at::make_generator<at::CPUGeneratorImpl>(random()));
  const double* gamma = gammas.const_data_ptr<double>();
  const double u = 1 - random.uniform(0, 1), v = 1 - random.uniform(0, 1);  // in (0, 1]
  return 1 / (1 + std::exp(std::log(gamma[1] / gamma[0]) + (std::log(v) - std::log(u)) / alpha));
}

at::Tensor mixed_with_previous(const at::Tensor& images, const at::Tensor& share) {
  return at::roll(images, 1, 0).contiguous(images.suggest_memory_format()).lerp_(images, share);
}

at::Tensor previous_labels(const at::Tensor& labels) { return at::roll(labels, 1, 0); }

}  // namespace torchport::component
