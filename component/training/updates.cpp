#include "component/training/updates.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "component/images/size_check.h"
#include "component/training/number_text.h"
#include "datasets/trace.h"

namespace torchport::component {

namespace {

// The operations of a replay are not to be seen one by one. An epoch's last batch may be the largest.
CapturedStepOptions captured_options(const TrainerOptions& options, const datasets::BatchPlan& plan, datasets::ImageSize size) {
  const auto most = std::max(plan.slice(0).size(), plan.slice(plan.steps() - 1).size());
  return {options.cuda_graphs && options.profile == 0, most_batches(options, plan), static_cast<std::int64_t>(most), size};
}

}  // namespace

std::size_t most_batches(const TrainerOptions& options, const datasets::BatchPlan& plan) {
  return std::min(static_cast<std::size_t>(options.recipe.accumulation_steps), plan.steps());
}

Updates::Updates(const TrainerOptions& options, const TrainingData& data, Parts parts, const Surroundings& around)
    : options_(options),
      parts_(parts),
      around_(around),
      first_batch_(around.control.rank() == 0 ? options.first_batch_file : std::filesystem::path(), data, around.device, around.log,
                   options.first_batch_told) {
  if (around.device.is_host()) return;
  const auto inputs = [this](const StepBatch& batch, const at::Tensor& numbers, const at::Tensor& key) {
    return seen_inputs(batch, numbers, key);
  };
  captured_.emplace(captured_options(options, parts.feed.plan(), data.size), parts.step, inputs, around.device, around.reducer,
                    around.control, around.log);
}

// All ranks reach finish() in every update, whatever happens to them before it: a rank that cannot go on says so in the statistics,
// and all stop after the same step. Weights that such a step would have changed stay as they were.
std::size_t Updates::give(std::size_t first, const Wishes& mine) {
  const datasets::Span whole("step");
  Given update = next(first);
  first_batch_.begin(epoch_.number, static_cast<std::int64_t>(first) + 1);
  captured_ ? captured_->begin(is_whole(update)) : parts_.step.begin();
  update.fault = add_batches(update, mine);
  if (update.fault) captured_ ? captured_->fail() : parts_.step.fail();
  update.statistics = around_.device.fetch(finish(update.fault));
  {
    const auto time = parts_.times.measure(RankTimes::kData);
    parts_.feed.prepare();
  }
  given_.push_back(std::move(update));
  return given_.back().images.size();
}

Updates::Tried Updates::try_rate(std::size_t first, double learning_rate) {
  const Given update = next(first);
  const double divisor = parts_.feed.divisor(first, update.images.size());
  parts_.step.begin();
  for (std::size_t i = 0; i < update.images.size(); ++i) {
    const auto fed = parts_.feed.next(divisor, {});
    around_.control.agree(parts_.bad.report(fed.bad, fed.none_readable));
    around_.control.agree(compute(fed.batch, i + 1 == update.images.size()));
  }
  HostCopy statistics = around_.device.fetch(parts_.step.finish(around_.device.number(learning_rate), /*warming_up=*/false));
  const StepSums sums = TrainingStep::read(statistics.wait(), update.images.size());
  if (sums.stopped) return {std::numeric_limits<double>::quiet_NaN(), update.images.size()};
  double loss = 0, images = 0;
  for (const auto& batch : sums.batches) loss += batch.loss;
  for (const std::size_t count : update.images) images += static_cast<double>(count);
  return {loss / images, update.images.size()};
}

Updates::Given Updates::next(std::size_t first) const {
  const auto& plan = parts_.feed.plan();
  Given update{first, {}};
  const auto end = std::min(first + static_cast<std::size_t>(options_.recipe.accumulation_steps), plan.steps());
  for (std::size_t s = first; s < end; ++s) update.images.push_back(plan.slice(s).global);
  return update;
}

bool Updates::is_whole(const Given& update) const {
  const auto usual = [this](std::size_t images) { return images == parts_.feed.plan().global_batch(); };
  return update.images.size() == static_cast<std::size_t>(options_.recipe.accumulation_steps) &&
         std::all_of(update.images.begin(), update.images.end(), usual);
}

std::optional<runtime::Error> Updates::add_batches(const Given& update, const Wishes& mine) {
  const double divisor = parts_.feed.divisor(update.first, update.images.size());
  std::optional<runtime::Error> first;
  for (std::size_t i = 0; i < update.images.size(); ++i) {
    around_.position.at(epoch_.number, static_cast<std::int64_t>(update.first + i) + 1);
    const auto fed = next_batch(divisor, mine);
    auto fault = parts_.bad.report(fed.bad, fed.none_readable);
    if (options_.recipe.sync_batch_norm) around_.control.agree(fault);  // the other ranks' norms would wait for this one's
    if (!fault || captured_) {                                          // a graph computes with all batches
      auto refused = add_batch(fed.batch, i + 1 == update.images.size());
      if (!fault) fault = std::move(refused);
    }
    if (fault && !first) first = std::move(fault);
    if (first && !captured_) return first;
  }
  return first;
}

BatchFeed::Fed Updates::next_batch(double divisor, const Wishes& mine) {
  const auto time = parts_.times.measure(RankTimes::kData);
  auto fed = parts_.feed.next(divisor, mine);
  parts_.times.count(fed.batch.labels.size(0));
  return fed;
}

std::optional<runtime::Error> Updates::add_batch(const StepBatch& batch, bool last) {
  if (captured_) {
    captured_->add(batch);
    return std::nullopt;
  }
  return compute(batch, last);
}

std::optional<runtime::Error> Updates::compute(const StepBatch& batch, bool last) {
  try {
    parts_.step.add(inputs_of(batch), last);
  } catch (const c10::Error& error) {
    if (!has_one_value_per_channel(error)) throw;
    return one_value_per_channel();
  }
  return std::nullopt;
}

StepInputs Updates::inputs_of(const StepBatch& batch) {
  const auto time = parts_.times.measure(RankTimes::kData);
  const at::Tensor numbers = around_.device.host_empty({StepInputs::kNumbers}, at::kFloat);
  std::copy(batch.numbers.begin(), batch.numbers.end(), numbers.mutable_data_ptr<float>());
  const at::Tensor key = around_.device.host_empty({}, at::kLong).copy_(batch.key);
  return seen_inputs(batch, around_.device.bring(numbers), around_.device.bring(key));
}

StepInputs Updates::seen_inputs(const StepBatch& batch, const at::Tensor& numbers, const at::Tensor& key) {
  StepInputs inputs = parts_.feed.inputs(batch, numbers, key);
  first_batch_.offer(batch, inputs);
  return inputs;
}

at::Tensor Updates::finish(std::optional<runtime::Error>& fault) {
  if (!captured_) return parts_.step.finish(around_.device.number(epoch_.learning_rate), epoch_.warming_up);
  const at::Tensor statistics = captured_->finish(epoch_.learning_rate, epoch_.warming_up);
  if (captured_->one_value_per_channel() && !fault) fault = one_value_per_channel();
  return statistics;
}

runtime::Error Updates::one_value_per_channel() const {
  return runtime::Error(
      "GreaterThanOrEqualTo.one_value_per_channel",
      {{"value", std::to_string(options_.batch_size)}, {"size", size_text(parts_.feed.size_in(epoch_.number - 1))}});
}

Wishes Updates::settle(std::size_t left) {
  Wishes wishes;
  for (; given_.size() > left; given_.pop_front()) {
    Given& update = given_.front();
    const StepSums sums = TrainingStep::read(update.statistics.wait(), update.images.size());
    first_batch_.write();
    check(update, sums);
    parts_.progress.updated(sums.batches, update.images);
    first_batch_.show(around_.events);  // after the step, which tells trackers where the training stands
    ++counted_;
    clipped_ += sums.clipped ? 1 : 0;
    wishes = wishes.and_also(sums.wishes);
  }
  return wishes;
}

void Updates::tell_of_clipping() const {
  if (options_.recipe.clip_gradient_norm == 0) return;
  around_.log.info("Gradients were clipped in " + std::to_string(clipped_) + " of " + std::to_string(counted_) +
                   " updates, to the norm " + number_text(options_.recipe.clip_gradient_norm) + ".");
}

// Where all is well this returns; what it throws, it throws on all ranks.
void Updates::check(const Given& update, const StepSums& sums) {
  if (sums.failed) around_.control.agree(update.fault);
  double bad = 0;
  for (const auto& batch : sums.batches) bad += batch.bad;
  parts_.bad.count(bad);
  if (!sums.stopped) return;
  const auto is_finite = [](const StepSums::Batch& batch) { return std::isfinite(batch.loss); };
  const auto found = std::find_if_not(sums.batches.begin(), sums.batches.end(), is_finite);
  const bool in_loss = found != sums.batches.end();  // else in a gradient, which is known of the update as a whole
  const std::size_t i = in_loss ? static_cast<std::size_t>(found - sums.batches.begin()) : sums.batches.size() - 1;
  const auto step = static_cast<std::int64_t>(update.first + i) + 1;
  around_.position.at(epoch_.number, step);
  const double loss = sums.batches[i].loss / static_cast<double>(update.images[i]);
  throw runtime::Error(in_loss ? "NaN.training_loss" : "NaN.training_gradient", {{"value", number_text(loss)},
                                                                                 {"step", std::to_string(step)},
                                                                                 {"epoch", std::to_string(epoch_.number)},
                                                                                 {"lr", number_text(epoch_.learning_rate)}});
}

}  // namespace torchport::component
