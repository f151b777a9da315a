#include "component/training/trainer.h"

#include <cmath>

#include "component/images/size_check.h"
#include "component/training/evaluate.h"
#include "component/training/number_text.h"
#include "component/training/recipe/schedule.h"
#include "component/training/replicas.h"
#include "component/training/same_tensors.h"
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

StepOptions step_options(const TrainerOptions& options, const TrainingData& data, const datasets::BatchPlan& plan) {
  const Recipe& recipe = options.recipe;
  return {most_batches(options, plan), recipe.label_smoothing,    recipe.norm_weight_decay, options.precision,
          data.class_weights,          recipe.clip_gradient_norm, recipe.sync_batch_norm};
}

// Validation decodes exactly, as whoever uses the model will.
datasets::LoaderOptions validation_loading(const TrainerOptions& options, datasets::CacheBudget& cache) {
  return {options.loader_threads.count, {std::nullopt, false, &cache}};
}

}  // namespace

Trainer::Trainer(TrainerOptions options, TrainingData data, models::Classifier network, Surroundings around)
    : options_(std::move(options)),
      data_(data),
      stream_(around.device),
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
      step_(step_options(options_, data, feed_.plan()), network_, around.device, around.reducer, kept_.average()),
      progress_(
          {options_.epochs, static_cast<std::int64_t>(feed_.plan().steps()), options_.print_freq, options_.gpu_advice_seconds},
          around.log, around.events),
      times_(around.control),
      updates_(options_, data_, {feed_, step_, bad_train_, times_, progress_}, around),
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

// At each rate one update, of as many batches as in the training. A loss that is no longer finite is what the test looks for.
RateFinder::Curve Trainer::find_learning_rate(std::int64_t updates) {
  TrainingState before;
  write(before);
  RateFinder finder(updates);
  network_->train();
  bool more = true;
  for (std::int64_t epoch = 0; more; ++epoch) {
    feed_.begin(epoch, 0);
    bad_train_.start_pass();
    for (std::size_t step = 0; more && step < feed_.plan().steps();) {
      const auto [loss, batches] = updates_.try_rate(step, finder.next());
      more = finder.add(loss);
      step += batches;
    }
  }
  read(before);
  return finder.curve();
}

void Trainer::say_what_changes_nothing() {
  if (options_.warmup_epochs >= options_.epochs) {
    around_.log.warning("The warm-up of " + std::to_string(options_.warmup_epochs) + " epochs is as long as the training of " +
                        std::to_string(options_.epochs) + ": the learning rate rises throughout and never decays.");
  }
  if (!options_.keep_best && options_.best_by == EpochMetric::loss)
    around_.log.warning("--best-metric changes nothing: with --keep last no best epoch is chosen.");
  if (options_.recipe.sync_batch_norm && around_.control.size() == 1)
    around_.log.warning("--sync-batch-norm changes nothing: there is one process.");
  if (options_.recipe.balanced_sampling && !data_.class_weights.empty()) {
    around_.log.warning(
        "Sampling is balanced and classes weigh: both give small categories more, and together more than either is meant to.");
  }
  if (options_.recipe.progressive_resize < 1 && feed_.size_in(0) == data_.size) {
    around_.log.warning("Progressive resizing changes nothing: with " + std::to_string(options_.epochs) + " epochs and images of " +
                        size_text(data_.size) + " even the first epoch is at full size.");
  }
  if (!around_.device.is_host() && options_.cuda_graphs && options_.profile > 0) {
    around_.log.info("No CUDA graphs in this run: --profile is to show the operations of a step.");
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
  updates_.begin({epoch_ + 1, learning_rate_, epoch_ < options_.warmup_epochs});
  const std::size_t steps = feed_.plan().steps();
  while (next_step_ < steps) {
    profiler_.before_step(epoch_ + 1, static_cast<std::int64_t>(next_step_) + 1, static_cast<std::int64_t>(steps));
    next_step_ += updates_.give(next_step_, boundary.wishes());
    Wishes wishes = updates_.settle(/*left=*/1);
    const bool to_be_told = wishes.stop || wishes.save || boundary.waits_for(place());
    // The device computes this update while the host prepares the next one.
    if (updates_.may_be_late() && next_step_ < steps && !to_be_told) continue;
    wishes = wishes.and_also(updates_.settle());
    tell(boundary, Place::update, wishes);
    if (interrupted_) return;
  }
  updates_.tell_of_clipping();
  bad_train_.check_categories(around_.control);
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
    throw runtime::Error("NaN.validation_loss", {{"value", number_text(metrics.valid_loss)},
                                                 {"epoch", std::to_string(metrics.epoch)},
                                                 {"lr", number_text(metrics.learning_rate)}});
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

std::size_t Trainer::same_step(const TrainingState& state) const {
  const auto done = static_cast<std::size_t>(state.integer("next_step"));
  const auto images = done * static_cast<std::size_t>(state.integer("images_per_step"));
  return images >= data_.train.size() ? feed_.plan().steps() : images / feed_.plan().global_batch();
}

void Trainer::write(TrainingState& state) const {
  state.set("epoch", epoch_);
  state.set("next_step", static_cast<std::int64_t>(next_step_));
  state.set("images_per_step", static_cast<std::int64_t>(feed_.plan().global_batch()));
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
