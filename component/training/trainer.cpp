#include "component/training/trainer.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "component/images/size_check.h"
#include "component/training/evaluate.h"
#include "component/training/recipe/mixup.h"
#include "component/training/recipe/schedule.h"
#include "component/training/recipe/training_loss.h"
#include "datasets/trace.h"
#include "models/nn/autocast.h"

namespace torchport::component {

namespace {

using Clock = std::chrono::steady_clock;

// What rides in the last gradient bucket: whether a rank failed, then this for each batch of the update.
enum Statistic { kLoss, kCorrect, kBad, kStatistics };
constexpr std::size_t kFailed = 0, kFirstBatch = 1;

std::size_t statistics_of(std::size_t batches) { return kFirstBatch + kStatistics * batches; }

// The first steps pay for warming up; the training time is predicted from those after them.
constexpr std::int64_t kPredictFrom = 3, kPredictAt = 8;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// Before gradients and momenta take over the parameters' strides.
models::Classifier in_layout(models::Classifier network, bool channels_last) {
  if (channels_last) models::use_channels_last(*network);
  return network;
}

models::Classifier same_on_all_ranks(models::Classifier network, runtime::Collective& collective) {
  for (const auto& tensors : {network->parameters(), network->buffers()}) {
    for (const auto& tensor : tensors) collective.broadcast(tensor.data_ptr(), tensor.nbytes(), /*root=*/0);
  }
  return network;
}

// Validation decodes exactly, as whoever uses the model will.
datasets::LoaderOptions training_loading(const TrainerOptions& options, datasets::CacheBudget& cache) {
  return {options.loader_threads, {options.seed, options.fast_decode, &cache}};
}

datasets::LoaderOptions validation_loading(const TrainerOptions& options, datasets::CacheBudget& cache) {
  return {options.loader_threads, {std::nullopt, false, &cache}};
}

// Of one update: no more than an epoch has.
std::size_t most_batches(const TrainerOptions& options, const datasets::BatchPlan& plan) {
  return static_cast<std::size_t>(std::min(options.recipe.accumulation_steps, static_cast<std::int64_t>(plan.steps())));
}

std::string number(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%g", value);
  return text.data();
}

}  // namespace

std::vector<at::Tensor> trainable_parameters(const models::ClassifierModule& network) {
  std::vector<at::Tensor> parameters = network.parameters();
  std::erase_if(parameters, [](const at::Tensor& parameter) { return !parameter.requires_grad(); });
  return parameters;
}

Trainer::Trainer(TrainerOptions options, TrainingData data, models::Classifier network, runtime::Collective& collective,
                 runtime::Log& log, runtime::Events& events, runtime::Position& position)
    : options_(options),
      data_(data),
      network_(same_on_all_ranks(in_layout(std::move(network), options.channels_last), collective)),
      collective_(collective),
      log_(log),
      events_(events),
      position_(position),
      profiler_({options.profile_steps, options.trace_file, collective.rank()}, log),
      cache_(options.cache_memory),
      train_loader_(data.train, data.size, training_loading(options, cache_)),
      valid_loader_(data.valid, data.size, validation_loading(options, cache_)),
      bad_train_(data.train, options.max_bad_fraction, log),
      bad_valid_(data.valid, options.max_bad_fraction, log),
      plan_(data.train.size(), static_cast<std::size_t>(options.batch_size), collective.rank(), collective.size()),
      buckets_(trainable_parameters(*network_), collective, statistics_of(most_batches(options, plan_))),
      optimizer_(trainable_parameters(*network_), options.recipe.norm_weight_decay),
      sizes_{data.size, options.recipe.progressive_resize, options.epochs, data.minimum_size},
      size_(data.size),
      early_stop_(options.patience) {
  if (options_.recipe.ema_decay > 0) average_.emplace(*network_, options_.recipe.ema_decay);
}

TrainResult Trainer::run() {
  TrainResult result;
  if (options_.warmup_epochs >= options_.epochs) {
    log_.warning("The warm-up of " + std::to_string(options_.warmup_epochs) + " epochs is as long as the training of " +
                 std::to_string(options_.epochs) + ": the learning rate rises throughout and never decays.");
  }
  if (options_.recipe.progressive_resize < 1 && sizes_.in(0) == data_.size) {
    log_.warning("Progressive resizing changes nothing: with " + std::to_string(options_.epochs) + " epochs and images of " +
                 size_text(data_.size) + " even the first epoch is at full size.");
  }
  log_.info("Start training epochs.");
  for (std::int64_t epoch = 0; epoch < options_.epochs && !result.stopped_early; ++epoch) {
    EpochMetrics metrics = train_epoch(epoch);
    if (average_) average_->exchange();  // the average is what is validated and kept
    validate(metrics);
    keep_if_best(metrics);
    if (average_) average_->exchange();
    result.epochs.push_back(metrics);
    result.stopped_early = early_stop_.after(metrics.valid_loss) && epoch + 1 < options_.epochs;
  }
  if (result.stopped_early) {
    log_.info("Early stop after epoch " + std::to_string(epoch_) + ": the validation loss was not below the previous epoch's for " +
              std::to_string(options_.patience) + " consecutive epochs.");
  }
  result.kept_epoch = options_.keep_best ? best_.epoch() : epoch_;
  if (average_) average_->exchange();
  restore_best();
  return result;
}

void Trainer::validate(EpochMetrics& metrics) {
  profiler_.before_validation();
  const Totals valid =
      evaluate(*network_, valid_loader_, data_.valid.size(), data_.normalisation, options_, bad_valid_, collective_);
  profiler_.after_validation();
  metrics.valid_loss = valid.mean_loss();
  metrics.top1 = valid.top1();
  metrics.top5 = valid.top5();
  if (!std::isfinite(metrics.valid_loss)) {
    throw runtime::Error(
        "NaN.validation_loss",
        {{"value", number(metrics.valid_loss)}, {"epoch", std::to_string(metrics.epoch)}, {"lr", number(metrics.learning_rate)}});
  }
  log_.info(epoch_line(metrics));
  events_.epoch(epoch_event(metrics));
}

EpochMetrics Trainer::train_epoch(std::int64_t epoch) {
  epoch_ = epoch + 1;
  size_ = sizes_.in(epoch);
  if (size_ != data_.size) log_.info("The training images of this epoch are shrunk to " + size_text(size_) + ".");
  network_->train();
  begin_pass(epoch);
  IterationMetrics m;
  m.epoch = epoch_;
  m.epochs = options_.epochs;
  m.iterations = static_cast<std::int64_t>(plan_.steps());
  m.learning_rate = learning_rate({options_.learning_rate * collective_.size(), options_.epochs, options_.warmup_epochs}, epoch);
  const auto start = Clock::now();
  auto last = start;
  for (Update update = update_from(0); update.begin < plan_.steps(); update = update_from(update.end)) {
    profiler_.before_step(epoch_, static_cast<std::int64_t>(update.begin) + 1, m.iterations);
    const auto sums = run_update(update, m.learning_rate);
    const double seconds = seconds_since(last) / static_cast<double>(sums.size());
    last = Clock::now();
    for (std::size_t i = 0; i < sums.size(); ++i) {
      m.iteration = static_cast<std::int64_t>(update.begin + i) + 1;
      m.images = static_cast<double>(plan_.slice(update.begin + i).global);
      m.loss = sums[i].loss;
      m.correct = sums[i].correct;
      report(m, seconds);
    }
  }
  EpochMetrics metrics;
  metrics.epoch = epoch_;
  metrics.learning_rate = m.learning_rate;
  metrics.images_per_second = m.images_total / seconds_since(start);
  metrics.train_loss = m.loss_total / m.images_total;
  metrics.train_error = 1.0 - m.correct_total / m.images_total;
  return metrics;
}

void Trainer::begin_pass(std::int64_t epoch) {
  const auto order = datasets::permutation(data_.train.size(), options_.seed, epoch);
  std::vector<std::uint32_t> mine;
  std::vector<std::size_t> ends;
  for (std::size_t s = 0; s < plan_.steps(); ++s) {
    const auto slice = plan_.slice(s);
    mine.insert(mine.end(), order.begin() + static_cast<std::ptrdiff_t>(slice.begin),
                order.begin() + static_cast<std::ptrdiff_t>(slice.end));
    ends.push_back(mine.size());
  }
  train_loader_.begin(std::move(mine), std::move(ends), epoch);
  bad_train_.start_pass();
}

Trainer::Update Trainer::update_from(std::size_t step) const {
  Update update{step, std::min(step + most_batches(options_, plan_), plan_.steps()), 0};
  for (std::size_t s = update.begin; s < update.end; ++s) update.images += plan_.slice(s).global;
  return update;
}

// All ranks reach finish() in every update, whatever happens to them before it: a rank that cannot go on says so in the statistics,
// and all stop after the same step, before the weights change.
std::vector<Trainer::BatchSums> Trainer::run_update(const Update& update, double learning_rate) {
  const datasets::Span whole("step");
  const std::size_t batches = update.end - update.begin;
  std::vector<double> mine(statistics_of(batches));
  std::optional<runtime::Error> fault;
  buckets_.begin();
  for (std::size_t s = update.begin; s < update.end && !fault; ++s) fault = add_gradients(s, update, mine);
  if (fault) {
    mine[kFailed] = 1;
    buckets_.send_with(mine);
  }
  const auto all = buckets_.finish();
  if (all[kFailed] > 0) collective_.agree(fault);
  std::vector<BatchSums> sums;
  double bad = 0;
  for (std::size_t i = 0; i < batches; ++i) {
    const double* of = all.data() + statistics_of(i);
    sums.push_back({of[kLoss], of[kCorrect]});
    bad += of[kBad];
  }
  bad_train_.count(bad);
  check_finite(update, sums, learning_rate);
  optimizer_.step(learning_rate);
  if (average_) average_->update(/*warming_up=*/epoch_ <= options_.warmup_epochs);
  return sums;
}

// The part of batch `step` in an update's gradients; the last batch sends them.
std::optional<runtime::Error> Trainer::add_gradients(std::size_t step, const Update& update, std::span<double> statistics) {
  step_ = static_cast<std::int64_t>(step) + 1;
  position_.at(epoch_, step_);
  const auto batch = train_loader_.next();
  if (!batch) throw std::logic_error("Trainer: the loader ended before the epoch");
  if (auto fault = bad_train_.report(batch->bad)) return fault;
  at::Tensor loss;
  try {
    loss = loss_and_statistics(*batch, update.images, statistics.subspan(statistics_of(step - update.begin), kStatistics));
  } catch (const runtime::Error& error) {
    return error;
  }
  if (step + 1 == update.end) buckets_.send_with(statistics);
  const datasets::Span backward("backward");
  loss.backward();
  return std::nullopt;
}

void Trainer::check_finite(const Update& update, std::span<const BatchSums> sums, double learning_rate) {
  for (std::size_t i = 0; i < sums.size(); ++i) {
    if (std::isfinite(sums[i].loss)) continue;
    step_ = static_cast<std::int64_t>(update.begin + i) + 1;
    position_.at(epoch_, step_);
    throw runtime::Error("NaN.training_loss",
                         {{"value", number(sums[i].loss / static_cast<double>(plan_.slice(update.begin + i).global))},
                          {"step", std::to_string(step_)},
                          {"epoch", std::to_string(epoch_)},
                          {"lr", number(learning_rate)}});
  }
}

// The loss whose gradients, summed over ranks and over the batches of an update, are those of the mean over its images.
at::Tensor Trainer::loss_and_statistics(const datasets::Batch& batch, std::size_t global_images, std::span<double> statistics) {
  const double share = mixup_share(options_.recipe.mixup_alpha, options_.seed, epoch_ - 1, step_ - 1);
  const bool changed = share != 1 || size_ != data_.size;  // in float32, whatever the network computes in
  const at::Tensor loaded = changed ? datasets::normalised(batch.images, data_.normalisation, at::kFloat, options_.channels_last)
                                    : network_input(batch, data_.normalisation, options_);
  const at::Tensor images = mixed_with_previous(resized(loaded, size_), share);
  at::Tensor logits;
  try {
    const datasets::Span forward("forward");
    const models::AutocastScope autocast(options_.precision == Precision::bfloat16);
    logits = network_->forward(images).to(at::kFloat);
  } catch (const c10::Error& error) {
    if (std::string(error.what_without_backtrace()).find("more than 1 value per channel") == std::string::npos) throw;
    throw runtime::Error("GreaterThanOrEqualTo.one_value_per_channel",
                         {{"value", std::to_string(options_.batch_size)}, {"size", size_text(size_)}});
  }
  const Targets targets{batch.labels, options_.recipe.label_smoothing, share};
  const at::Tensor sum = training_loss(logits, targets);
  statistics[kLoss] = sum.item<double>();
  statistics[kCorrect] = count_correct(logits, targets);
  statistics[kBad] = static_cast<double>(batch.bad.size());
  return sum / static_cast<double>(global_images);
}

void Trainer::report(IterationMetrics& m, double step_seconds) {
  m.seconds = step_seconds;
  m.seconds_total += step_seconds;
  m.images_total += m.images;
  m.loss_total += m.loss;
  m.correct_total += m.correct;
  const std::int64_t done = (m.epoch - 1) * m.iterations + m.iteration;
  m.eta_seconds = m.seconds_total / static_cast<double>(m.iteration) * static_cast<double>(m.epochs * m.iterations - done);
  if (done == 1) {
    std::array<char, 80> text;
    std::snprintf(text.data(), text.size(), "First step done %.2f s after the process started.", seconds_since_process_start());
    log_.info(text.data());
  }
  if ((m.iteration - 1) % options_.print_frequency == 0) log_.info(iteration_line(m));
  warn_of_long_training(m);
  events_.step(step_event(m));
}

void Trainer::warn_of_long_training(const IterationMetrics& m) {
  static_assert(kPredictFrom < kPredictAt);
  if (m.epoch != 1) return;
  if (m.iteration <= kPredictFrom) warm_up_seconds_ = m.seconds_total;
  if (m.iteration != std::min(kPredictAt, m.iterations) || m.iteration <= kPredictFrom) return;
  const double per_step = (m.seconds_total - warm_up_seconds_) / static_cast<double>(m.iteration - kPredictFrom);
  const double predicted = per_step * static_cast<double>(m.iterations * m.epochs);
  if (predicted <= options_.gpu_advice_seconds) return;
  std::array<char, 160> text;
  std::snprintf(text.data(), text.size(),
                "The first steps predict %.1f hours of training on this CPU: a GPU is recommended for large datasets.",
                predicted / 3600);
  log_.warning(text.data());
}

void Trainer::keep_if_best(const EpochMetrics& metrics) {
  if (!best_.offer(metrics.epoch, metrics.top1, metrics.valid_loss)) return;
  if (!options_.keep_best || collective_.rank() != 0) return;
  best_weights_.clear();
  for (const auto& tensors : {network_->parameters(), network_->buffers()}) {
    for (const auto& tensor : tensors) best_weights_.push_back(tensor.detach().clone());
  }
}

void Trainer::restore_best() {
  if (best_.epoch() == epoch_ || best_weights_.empty()) return;
  const torch::NoGradGuard no_grad;
  std::size_t i = 0;
  for (const auto& tensors : {network_->parameters(), network_->buffers()}) {
    for (const auto& tensor : tensors) tensor.copy_(best_weights_[i++]);
  }
}

}  // namespace torchport::component
