#include "component/training/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "component/images/size_check.h"
#include "component/training/evaluate.h"
#include "component/training/recipe/schedule.h"
#include "component/training/replicas.h"
#include "component/training/same_tensors.h"
#include "datasets/trace.h"
#include "runtime/text/format.h"
#include "runtime/watch/standing.h"

namespace torchport::component {

namespace {

// Ready for buckets and momenta, which take over its parameters' strides and device.
models::Classifier prepared(models::Classifier network, bool channels_last, const Surroundings& around) {
  if (channels_last) models::use_channels_last(*network);
  broadcast_in_place(network->parameters(), around.control);
  broadcast_in_place(network->buffers(), around.control);
  around.device.take(*network);
  return network;
}

// No more batches than an epoch has.
StepOptions step_options(const TrainerOptions& options, std::size_t steps) {
  const auto most = std::min(options.recipe.accumulation_steps, static_cast<std::int64_t>(steps));
  return {static_cast<std::size_t>(most), options.recipe.label_smoothing, options.recipe.norm_weight_decay, options.precision};
}

// Validation decodes exactly, as whoever uses the model will.
datasets::LoaderOptions validation_loading(const TrainerOptions& options, datasets::CacheBudget& cache) {
  return {options.loader_threads.count, {std::nullopt, false, &cache}};
}

std::string number(double value) { return runtime::formatted("%g", value); }

}  // namespace

Trainer::Trainer(TrainerOptions options, TrainingData data, models::Classifier network, Surroundings around)
    : options_(std::move(options)),
      data_(data),
      network_(prepared(std::move(network), options_.channels_last, around)),
      around_(around),
      profiler_({options_.profile, options_.trace_file, around.control.rank()}, around.log),
      cache_(options_.cache_memory),
      feed_(options_, data, around.device, cache_, around.control, around.log),
      valid_input_(data.normalisation, options_.channels_last, options_.precision, around.device),
      valid_loader_(data.valid, data.size, validation_loading(options_, cache_), around.device,
                    ThreadSizing(options_.loader_threads, "validation images", around.log)),
      bad_train_(data.train, options_.max_bad_fraction, around.log),
      bad_valid_(data.valid, options_.max_bad_fraction, around.log),
      kept_(*network_, options_.recipe.ema_decay, options_.keep_best, options_.best_by, around.control.rank() == 0),
      step_(step_options(options_, feed_.plan().steps()), network_, around.device, around.reducer, kept_.average()),
      progress_(
          {options_.epochs, static_cast<std::int64_t>(feed_.plan().steps()), options_.print_freq, options_.gpu_advice_seconds},
          around.log, around.events),
      times_(around.control),
      early_stop_(options_.early_stop) {}

TrainResult Trainer::run(Boundary& boundary) {
  say_what_changes_nothing();
  around_.log.info("Start training epochs.");
  interrupted_ = false;
  double wishes = boundary.wishes().number();
  around_.control.sum({&wishes, 1});
  if (Wishes::of(wishes).stop) tell(boundary, Place::begin, Wishes::of(wishes));
  while (epoch_ < options_.epochs && !result_.stopped_early && !interrupted_) {
    train_epoch(boundary);
    if (!interrupted_) validate(boundary);
  }
  if (interrupted_) return result_;
  if (result_.stopped_early) {
    around_.log.info("Early stop after epoch " + std::to_string(epoch_) + ": " + early_stop_.why() + ".");
  }
  result_.kept_epoch = kept_.choose(epoch_);
  return result_;
}

void Trainer::say_what_changes_nothing() {
  if (options_.warmup_epochs >= options_.epochs) {
    around_.log.warning("The warm-up of " + std::to_string(options_.warmup_epochs) + " epochs is as long as the training of " +
                        std::to_string(options_.epochs) + ": the learning rate rises throughout and never decays.");
  }
  if (!options_.keep_best && options_.best_by == EpochMetric::loss)
    around_.log.warning("--best-metric changes nothing: with --keep last no best epoch is chosen.");
  if (options_.recipe.progressive_resize < 1 && feed_.size_in(0) == data_.size) {
    around_.log.warning("Progressive resizing changes nothing: with " + std::to_string(options_.epochs) + " epochs and images of " +
                        size_text(data_.size) + " even the first epoch is at full size.");
  }
}

void Trainer::tell(Boundary& boundary, Place place, const Wishes& wishes) {
  if (place == Place::update && (wishes.save || wishes.stop)) check_replicas(*network_, epoch_ + 1, around_.control);
  const auto time = times_.measure(RankTimes::kCheckpointing);
  interrupted_ = !boundary.reached(*this, place, wishes);
}

void Trainer::train_epoch(Boundary& boundary) {
  const auto size = feed_.size_in(epoch_);
  if (size != data_.size) around_.log.info("The training images of this epoch are shrunk to " + size_text(size) + ".");
  runtime::standing().enter(runtime::Phase::training);
  network_->train();
  learning_rate_ = learning_rate(options_.schedule(around_.control.size()), epoch_);
  feed_.begin(epoch_, next_step_);
  if (next_step_ == 0) {
    bad_train_.start_pass();
    progress_.begin_epoch(epoch_ + 1, learning_rate_);
  }
  progress_.start_clock();
  times_.begin();
  const auto steps = static_cast<std::int64_t>(feed_.plan().steps());
  for (Update update = next_update(); !update.images.empty(); update = next_update()) {
    profiler_.before_step(epoch_ + 1, static_cast<std::int64_t>(update.begin) + 1, steps);
    const Wishes wishes = run_update(update, boundary.wishes());
    next_step_ += update.images.size();
    tell(boundary, Place::update, wishes);
    if (interrupted_) return;
  }
  bad_train_.check_categories(around_.control);
}

Trainer::Update Trainer::next_update() const {
  const auto& plan = feed_.plan();
  Update update{next_step_, {}};
  const auto end = std::min(next_step_ + static_cast<std::size_t>(options_.recipe.accumulation_steps), plan.steps());
  for (std::size_t s = next_step_; s < end; ++s) update.images.push_back(plan.slice(s).global);
  return update;
}

// All ranks reach finish() in every update, whatever happens to them before it: a rank that cannot go on says so in the statistics,
// and all stop after the same step. Weights that such a step would have changed stay as they were.
Wishes Trainer::run_update(const Update& update, const Wishes& mine) {
  StepSums sums;
  std::optional<runtime::Error> fault;
  {
    const datasets::Span whole("step");
    const bool warming_up = epoch_ < options_.warmup_epochs;
    step_.begin();
    fault = add_batches(update, mine);
    if (fault) step_.fail();
    HostCopy statistics = around_.device.fetch(step_.finish(around_.device.number(learning_rate_), warming_up));
    {
      const auto time = times_.measure(RankTimes::kData);
      feed_.prepare();
    }
    sums = TrainingStep::read(statistics.wait(), update.images.size());
  }
  check(update, sums, fault);
  progress_.updated(sums.batches, update.images);
  return sums.wishes;
}

std::optional<runtime::Error> Trainer::add_batches(const Update& update, const Wishes& mine) {
  const std::size_t all = std::accumulate(update.images.begin(), update.images.end(), std::size_t{0});
  for (std::size_t i = 0; i < update.images.size(); ++i) {
    around_.position.at(epoch_ + 1, static_cast<std::int64_t>(update.begin + i) + 1);
    if (auto fault = add_batch(next_inputs(all, mine), i + 1 == update.images.size())) return fault;
  }
  return std::nullopt;
}

BatchFeed::Fed Trainer::next_inputs(std::size_t images_in_update, const Wishes& mine) {
  const auto time = times_.measure(RankTimes::kData);
  auto fed = feed_.next(images_in_update, mine);
  times_.count(fed.inputs.labels.size(0));
  return fed;
}

std::optional<runtime::Error> Trainer::add_batch(BatchFeed::Fed&& fed, bool last) {
  if (auto fault = bad_train_.report(fed.bad, fed.none_readable)) return fault;
  try {
    step_.add(fed.inputs, last);
  } catch (const c10::Error& error) {
    if (std::string(error.what_without_backtrace()).find("more than 1 value per channel") == std::string::npos) throw;
    return runtime::Error("GreaterThanOrEqualTo.one_value_per_channel",
                          {{"value", std::to_string(options_.batch_size)}, {"size", size_text(feed_.size_in(epoch_))}});
  }
  return std::nullopt;
}

// Where all is well this returns; what it throws, it throws on all ranks.
void Trainer::check(const Update& update, const StepSums& sums, const std::optional<runtime::Error>& fault) {
  if (sums.failed) around_.control.agree(fault);
  double bad = 0;
  for (const auto& batch : sums.batches) bad += batch.bad;
  bad_train_.count(bad);
  if (!sums.stopped) return;
  const auto is_finite = [](const StepSums::Batch& batch) { return std::isfinite(batch.loss); };
  const auto found = std::find_if_not(sums.batches.begin(), sums.batches.end(), is_finite);
  const bool in_loss = found != sums.batches.end();  // else in a gradient, which is known of the update as a whole
  const std::size_t i = in_loss ? static_cast<std::size_t>(found - sums.batches.begin()) : sums.batches.size() - 1;
  const auto step = static_cast<std::int64_t>(update.begin + i) + 1;
  around_.position.at(epoch_ + 1, step);
  const double loss = sums.batches[i].loss / static_cast<double>(update.images[i]);
  throw runtime::Error(in_loss ? "NaN.training_loss" : "NaN.training_gradient", {{"value", number(loss)},
                                                                                 {"step", std::to_string(step)},
                                                                                 {"epoch", std::to_string(epoch_ + 1)},
                                                                                 {"lr", number(learning_rate_)}});
}

void Trainer::validate(Boundary& boundary) {
  runtime::standing().enter(runtime::Phase::validating);
  auto times = times_.compare(epoch_ + 1, around_.log);
  check_replicas(*network_, epoch_ + 1, around_.control);
  profiler_.before_validation();
  kept_.exchange();  // the average is what is validated and kept
  const Evaluation how{data_.valid.size(), static_cast<std::size_t>(options_.batch_size),
                       valid_input_,       options_.precision,
                       around_.device,     around_.log};
  const auto [totals, wishes] = evaluate(*network_, valid_loader_, how, bad_valid_, boundary, around_.control);
  if (!totals) {  // the epoch's training stands, and its validation begins anew when the training goes on
    kept_.exchange();
    return tell(boundary, Place::update, wishes);
  }
  const Totals& valid = *totals;
  profiler_.after_validation();
  EpochMetrics metrics = progress_.trained();
  metrics.valid_loss = valid.mean_loss();
  metrics.top1 = valid.top1();
  metrics.top5 = valid.top5();
  if (!std::isfinite(metrics.valid_loss)) {
    throw runtime::Error(
        "NaN.validation_loss",
        {{"value", number(metrics.valid_loss)}, {"epoch", std::to_string(metrics.epoch)}, {"lr", number(metrics.learning_rate)}});
  }
  progress_.validated(metrics, std::move(times));
  kept_.offer(metrics.epoch, metrics.top1, metrics.valid_loss);
  kept_.exchange();
  result_.epochs.push_back(metrics);
  ++epoch_;
  next_step_ = 0;
  result_.stopped_early = early_stop_.after(metrics.top1, metrics.valid_loss) && epoch_ < options_.epochs;
  if (epoch_ < options_.epochs && !result_.stopped_early) tell(boundary, Place::validation, wishes);
}

std::size_t Trainer::images_per_step() const {
  return static_cast<std::size_t>(options_.batch_size) * static_cast<std::size_t>(around_.control.size());
}

std::size_t Trainer::same_step(const TrainingState& state) const {
  const auto done = static_cast<std::size_t>(state.integer("next_step"));
  const auto images = done * static_cast<std::size_t>(state.integer("images_per_step"));
  return images >= data_.train.size() ? feed_.plan().steps() : images / images_per_step();
}

void Trainer::write(TrainingState& state) const {
  state.set("epoch", epoch_);
  state.set("next_step", static_cast<std::int64_t>(next_step_));
  state.set("images_per_step", static_cast<std::int64_t>(images_per_step()));
  state.set("stopped_early", static_cast<std::int64_t>(result_.stopped_early));
  state.set("network.parameter", network_->parameters());
  state.set("network.buffer", network_->buffers());
  write_epochs(result_.epochs, state);
  bad_train_.write(state);
  kept_.write(state);
  step_.write(state);
  progress_.write(state);
  early_stop_.write(state);
}

void Trainer::read(const TrainingState& state) {
  epoch_ = state.integer("epoch");
  next_step_ = same_step(state);
  result_.stopped_early = state.integer("stopped_early") != 0;
  state.copy_to("network.parameter", network_->parameters());
  state.copy_to("network.buffer", network_->buffers());
  result_.epochs = read_epochs(state);
  bad_train_.read(state);
  kept_.read(state);
  step_.read(state);
  progress_.read(state, static_cast<std::int64_t>(next_step_));
  early_stop_.read(state);
}

}  // namespace torchport::component
