#include "component/training/feed.h"

#include <stdexcept>

#include "component/training/recipe/mixup.h"
#include "models/nn/random_key.h"

namespace torchport::component {

namespace {

std::vector<std::int32_t> labels_of(const datasets::ImageDirectory& images) {
  std::vector<std::int32_t> labels;
  for (std::size_t i = 0; i < images.size(); ++i) labels.push_back(images.label(i));
  return labels;
}

}  // namespace

BatchFeed::BatchFeed(const TrainerOptions& options, const TrainingData& data, const Device& device, datasets::CacheBudget& cache,
                     const runtime::Control& control, runtime::Log& log)
    : data_(data),
      seed_(options.random_seed),
      rank_(control.rank()),
      mixup_alpha_(options.recipe.mixup_alpha),
      balanced_labels_(options.recipe.balanced_sampling ? labels_of(data.train) : std::vector<std::int32_t>()),
      sizes_{data.size, options.recipe.progressive_resize, options.epochs, data.minimum_size},
      plan_(data.train.size(), static_cast<std::size_t>(options.batch_size), control.rank(), control.size()),
      input_(data.normalisation, options.channels_last, options.precision, device),
      loader_(data.train, data.size, {options.loader_threads.count, {seed_, options.fast_decode, &cache}}, device,
              ThreadSizing(options.loader_threads, "training images", log)) {}

datasets::EpochOrder BatchFeed::order_in(std::int64_t epoch) const {
  if (!balanced_labels_.empty()) return datasets::balanced_order(balanced_labels_, seed_, epoch);
  return {datasets::permutation(data_.train.size(), seed_, epoch), {}};
}

void BatchFeed::weigh(const datasets::EpochOrder& order) {
  if (data_.class_weights.empty()) return;
  weights_.assign(plan_.steps(), 0);
  for (std::size_t s = 0; s < plan_.steps(); ++s) {
    const std::size_t first = s * plan_.global_batch();
    for (std::size_t i = first; i < first + plan_.slice(s).global; ++i)
      weights_[s] += data_.class_weights[static_cast<std::size_t>(data_.train.label(order.images[i]))];
  }
}

double BatchFeed::divisor(std::size_t first, std::size_t count) const {
  double sum = 0;
  for (std::size_t s = first; s < first + count; ++s)
    sum += weights_.empty() ? static_cast<double>(plan_.slice(s).global) : weights_[s];
  return sum;
}

void BatchFeed::begin(std::int64_t epoch, std::size_t step) {
  epoch_ = epoch;
  step_ = step;
  const datasets::EpochOrder order = order_in(epoch);
  weigh(order);
  datasets::EpochOrder mine;
  const auto take = [](const std::vector<std::uint32_t>& from, const datasets::Slice& slice, std::vector<std::uint32_t>& to) {
    if (from.empty()) return;
    to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(slice.begin),
              from.begin() + static_cast<std::ptrdiff_t>(slice.end));
  };
  std::vector<std::size_t> ends;
  for (std::size_t s = step; s < plan_.steps(); ++s) {
    const auto slice = plan_.slice(s);
    take(order.images, slice, mine.images);
    take(order.draws, slice, mine.draws);
    ends.push_back(mine.images.size());
  }
  loader_.begin(std::move(mine), std::move(ends), epoch);
}

BatchFeed::Fed BatchFeed::next(double divisor, const Wishes& wishes) {
  auto batch = loader_.next();
  if (!batch) throw std::logic_error("BatchFeed: the loader ended before the epoch");
  const auto step = static_cast<std::int64_t>(step_++);
  const double share = mixup_share(mixup_alpha_, seed_, epoch_, step);
  Fed fed;
  auto& of = fed.batch.numbers;
  of[StepInputs::kImages] = static_cast<float>(divisor);
  of[StepInputs::kBad] = static_cast<float>(batch->bad.size());
  of[StepInputs::kShare] = static_cast<float>(share);
  of[StepInputs::kPreviousShare] = static_cast<float>(1 - share);
  of[StepInputs::kWishes] = wishes.number();
  fed.batch.key = models::random_key(seed_, epoch_, step, rank_);
  fed.batch.mixed = share != 1;
  fed.batch.size = sizes_.in(epoch_);
  fed.batch.images = std::move(batch->images);
  fed.batch.labels = std::move(batch->labels);
  fed.bad = std::move(batch->bad);
  fed.none_readable = batch->none_readable;
  return fed;
}

StepInputs BatchFeed::inputs(const StepBatch& batch, const at::Tensor& numbers, const at::Tensor& key) const {
  StepInputs inputs{{}, batch.labels, numbers, batch.mixed, key};
  const bool changed = batch.mixed || batch.size != data_.size;  // in float32, whatever the network computes in
  inputs.images = resized(input_(batch.images, changed), batch.size);
  if (batch.mixed) inputs.images = mixed_with_previous(inputs.images, numbers[StepInputs::kShare]);
  return inputs;
}

}  // namespace torchport::component
