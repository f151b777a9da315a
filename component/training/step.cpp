#include "component/training/step.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "component/training/recipe/gradient_clip.h"
#include "component/training/recipe/training_loss.h"
#include "datasets/trace.h"
#include "models/nn/autocast.h"
#include "models/nn/norm_activation.h"
#include "models/nn/random_key.h"

namespace torchport::component {

namespace {

// What rides in the last gradient bucket: the bucket's own, the wishes of all ranks or infinity where one failed, whether the
// weights stay as they are, whether gradients were clipped, then this for each batch.
enum Statistic { kLoss, kCorrect, kBad, kStatistics };
constexpr std::int64_t kSaid = GradientBuckets::kNotFinite + 1, kStopped = 2, kClipped = 3, kFirstBatch = 4;

at::Tensor weights_on(const Device& device, const std::vector<double>& weights) {
  if (weights.empty()) return {};
  const at::Tensor host = at::empty({static_cast<std::int64_t>(weights.size())}, at::kFloat);
  std::copy(weights.begin(), weights.end(), host.mutable_data_ptr<float>());
  return host.to(device.where());
}

// Where there is one rank, each sum is its own.
models::SumOverRanks sum_over(Reducer& reducer, bool wanted) {
  if (!wanted || reducer.size() == 1) return nullptr;
  return [&reducer](const at::Tensor& values) { reducer.sum(values)->wait(); };
}

std::int64_t place_of(std::size_t batch) { return kFirstBatch + kStatistics * static_cast<std::int64_t>(batch); }

}  // namespace

std::vector<at::Tensor> trainable_parameters(const models::ClassifierModule& network) {
  std::vector<at::Tensor> parameters = network.parameters();
  std::erase_if(parameters, [](const at::Tensor& parameter) { return !parameter.requires_grad(); });
  return parameters;
}

TrainingStep::TrainingStep(const StepOptions& options, models::Classifier network, const Device& device, Reducer& reducer,
                           WeightAverage* average)
    : options_(options),
      network_(std::move(network)),
      device_(device.type()),
      parameters_(trainable_parameters(*network_)),
      class_weights_(weights_on(device, options.class_weights)),
      sum_over_ranks_(sum_over(reducer, options.sync_batch_norm)),
      buckets_(parameters_, reducer, static_cast<std::size_t>(place_of(options.most_batches)), device.keeps_gradients()),
      optimizer_(parameters_, options.norm_weight_decay),
      average_(average) {
  if (!device.is_host()) halted_ = at::zeros({}, at::TensorOptions(at::kFloat).device(device.where()));
}

void TrainingStep::begin() {
  buckets_.begin();
  batches_ = 0;
}

void TrainingStep::add(const StepInputs& inputs, bool last) {
  const models::SyncNormScope synchronised(sum_over_ranks_ ? &sum_over_ranks_ : nullptr);
  datasets::Span forward("forward");
  at::Tensor logits;
  {
    const models::AutocastScope autocast(device_, options_.precision == Precision::bfloat16);
    const models::RandomKeyScope key(inputs.key);
    const models::CountedTogether counted;
    logits = network_->forward(inputs.images).to(at::kFloat);
  }
  forward.end();
  Targets targets{inputs.labels, options_.label_smoothing, {}, class_weights_};
  if (inputs.mixed) targets.shares = inputs.numbers.narrow(0, StepInputs::kShare, 2);
  const at::Tensor sum = training_loss(logits, targets);
  {
    const torch::NoGradGuard no_grad;
    const at::Tensor mine = buckets_.statistics().narrow(0, place_of(batches_++), kStatistics);
    mine[kLoss].copy_(sum);
    mine[kCorrect].copy_(count_correct(logits, targets));
    mine[kBad].copy_(inputs.numbers[StepInputs::kBad]);
    buckets_.statistics()[kSaid].copy_(inputs.numbers[StepInputs::kWishes]);
  }
  // Gradients, summed over ranks and over the batches of an update, are those of the (weighted) mean over its images.
  const at::Tensor loss = sum / inputs.numbers[StepInputs::kImages];
  if (last) buckets_.send_next();
  const datasets::Span backward("backward");
  loss.backward();
}

// Infinite, so that found_inf() needs no other look at it.
void TrainingStep::fail() {
  const torch::NoGradGuard no_grad;
  buckets_.statistics()[kSaid].fill_(std::numeric_limits<float>::infinity());
}

// 1 where anything among the statistics is not finite. On the host a gradient is among them (GradientBuckets::kNotFinite); on a
// device, where gradients lie in buckets for good, these are looked at.
at::Tensor TrainingStep::found_inf(const at::Tensor& statistics) const {
  at::Tensor total = statistics.sum();
  if (device_ != c10::kCPU) {
    for (const at::Tensor& flat : buckets_.flats()) total = total + flat.sum();
  }
  return (total - total).ne(0).to(at::kFloat);
}

at::Tensor TrainingStep::finish(const at::Tensor& learning_rate, bool warming_up) {
  const at::Tensor statistics = buckets_.finish();
  const torch::NoGradGuard no_grad;
  at::Tensor stopped = found_inf(statistics);
  if (halted_.defined()) stopped = halted_.copy_(at::maximum(halted_, stopped));
  statistics[kStopped].copy_(stopped);
  if (options_.clip_gradient_norm > 0) statistics[kClipped].copy_(clip_gradients(parameters_, options_.clip_gradient_norm));
  optimizer_.step(learning_rate, stopped);
  if (average_) average_->update(warming_up, stopped);
  return statistics;
}

void TrainingStep::read(const TrainingState& state) {
  optimizer_.read(state);
  if (halted_.defined()) halted_.zero_();
}

std::vector<const void*> TrainingStep::addresses() const {
  std::vector<const void*> all;
  for (const auto& tensors : {network_->parameters(), network_->buffers()})
    for (const auto& tensor : tensors) all.push_back(tensor.storage().data());
  return all;
}

bool has_one_value_per_channel(const c10::Error& error) {
  return std::string_view(error.what_without_backtrace()).find("more than 1 value per channel") != std::string_view::npos;
}

StepSums TrainingStep::read(const at::Tensor& statistics, std::size_t batches) {
  const at::Tensor exact = statistics.to(at::kDouble);
  const double* const all = exact.const_data_ptr<double>();
  const bool failed = std::isinf(all[kSaid]);
  StepSums sums{failed, all[kStopped] != 0, all[kClipped] != 0, failed ? Wishes{} : Wishes::of(all[kSaid]), {}};
  for (std::size_t i = 0; i < batches; ++i) {
    const double* const of = all + place_of(i);
    sums.batches.push_back({of[kLoss], of[kCorrect], of[kBad]});
  }
  return sums;
}

}  // namespace torchport::component
