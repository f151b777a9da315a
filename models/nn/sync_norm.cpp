#include "models/nn/sync_norm.h"

#include <torch/torch.h>

#include <utility>

#include "models/nn/norm_activation.h"

namespace torchport::models {
namespace {

thread_local const SumOverRanks* sum_over_ranks = nullptr;

using torch::autograd::AutogradContext;
using torch::autograd::Variable;
using torch::autograd::variable_list;

constexpr std::array<std::int64_t, 3> kAllButChannels = {0, 2, 3};

/// Per channel, as the images' dimensions want it.
at::Tensor wide(const at::Tensor& channels) { return channels.reshape({1, -1, 1, 1}); }

struct Moments {
  at::Tensor mean, variance;  // float32 [C], of all ranks' images; the variance is the biased one
  double count = 0;           // values of a channel
};

// From each rank's own mean and variance, whose float32 sums lose little, in float64: there the difference of squares is safe.
Moments moments_of(const at::Tensor& x, const SumOverRanks& sum) {
  const std::int64_t channels = x.size(1);
  const auto [variance, mean] = at::var_mean(x.to(at::kFloat), kAllButChannels, /*unbiased=*/false);
  const double mine = static_cast<double>(x.numel() / channels);
  const at::Tensor m = mean.to(at::kDouble), v = variance.to(at::kDouble);
  const at::Tensor sums = at::cat({m * mine, (v + m * m) * mine, at::full({1}, mine, at::kDouble)});
  sum(sums);
  const double all = sums[2 * channels].item<double>();
  const at::Tensor of_all = sums.narrow(0, 0, channels) / all;
  const at::Tensor squares = sums.narrow(0, channels, channels) / all;
  return {of_all.to(at::kFloat), (squares - of_all * of_all).clamp_min(0).to(at::kFloat), all};
}

struct SyncNorm : torch::autograd::Function<SyncNorm> {
  static Variable forward(AutogradContext* ctx, const Variable& x, const Variable& weight, const Variable& bias,
                          const at::Tensor& mean, const at::Tensor& inverse_deviation, double count, const SumOverRanks* sum) {
    ctx->save_for_backward({x, weight, mean, inverse_deviation});
    ctx->saved_data["count"] = count;
    ctx->saved_data["sum"] = reinterpret_cast<std::int64_t>(sum);
    const at::Tensor scale = weight * inverse_deviation;
    return (x * wide(scale) + wide(bias - mean * scale)).to(x.scalar_type());
  }

  // With the gradient g of the output, x' the normalised input and means over all ranks' values:
  // dx = weight / deviation * (g - mean(g) - x' * mean(g * x')). The weights' own gradients are this rank's share, summed with all
  // others.
  static variable_list backward(AutogradContext* ctx, const variable_list& gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &mean = saved[2], &inverse = saved[3];
    const double count = ctx->saved_data["count"].toDouble();
    const auto& sum = *reinterpret_cast<const SumOverRanks*>(ctx->saved_data["sum"].toInt());
    const at::Tensor g = gradients[0].to(at::kFloat);
    const at::Tensor normalised = (x.to(at::kFloat) - wide(mean)) * wide(inverse);
    const at::Tensor of_bias = g.sum(kAllButChannels), of_weight = (g * normalised).sum(kAllButChannels);
    const std::int64_t channels = x.size(1);
    const at::Tensor sums = at::cat({of_bias, of_weight}).to(at::kDouble);
    sum(sums);
    const at::Tensor means = (sums / count).to(at::kFloat);
    const at::Tensor dx =
        wide(weight * inverse) * (g - wide(means.narrow(0, 0, channels)) - normalised * wide(means.narrow(0, channels, channels)));
    return {dx.to(x.scalar_type()), of_weight, of_bias, {}, {}, {}, {}};
  }
};

// With the unbiased variance, as all batch norms keep it.
void keep_running(torch::nn::BatchNorm2d& norm, const Moments& moments) {
  const at::NoGradGuard values_only;
  count_batch(norm);
  const auto momentum = norm->options.momentum();
  const double share = momentum ? *momentum : 1.0 / static_cast<double>(norm->num_batches_tracked.item<std::int64_t>());
  norm->running_mean.lerp_(moments.mean, share);
  norm->running_var.lerp_(moments.variance * (moments.count / (moments.count - 1)), share);
}

}  // namespace

SyncNormScope::SyncNormScope(const SumOverRanks* sum) : before_(std::exchange(sum_over_ranks, sum ? sum : sum_over_ranks)) {}
SyncNormScope::~SyncNormScope() { sum_over_ranks = before_; }
const SumOverRanks* SyncNormScope::current() { return sum_over_ranks; }
bool SyncNormScope::synchronises(const torch::nn::BatchNorm2d& norm) { return sum_over_ranks && norm->is_training(); }

at::Tensor synchronised_norm(torch::nn::BatchNorm2d& norm, const at::Tensor& x) {
  const SumOverRanks* const sum = SyncNormScope::current();
  Moments moments;
  {
    const at::NoGradGuard values_only;
    moments = moments_of(x, *sum);
  }
  keep_running(norm, moments);
  const at::Tensor inverse = (moments.variance + norm->options.eps()).rsqrt();
  return SyncNorm::apply(x, norm->weight, norm->bias, moments.mean, inverse, moments.count, sum);
}

}  // namespace torchport::models
