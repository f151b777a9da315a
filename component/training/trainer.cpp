#include "component/training/trainer.h"

#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "component/training/evaluate.h"
#include "component/training/schedule.h"
#include "models/nn/autocast.h"

namespace torchport::component {

namespace {

using Clock = std::chrono::steady_clock;

// What rides in the last gradient bucket of every step.
enum Statistic { kLoss, kCorrect, kBad, kFailed, kStatistics };

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
                 runtime::Log& log, runtime::Events& events)
    : options_(options),
      data_(data),
      network_(same_on_all_ranks(in_layout(std::move(network), options.channels_last), collective)),
      collective_(collective),
      log_(log),
      events_(events),
      cache_(options.cache_memory),
      train_loader_(data.train, data.size, training_loading(options, cache_)),
      valid_loader_(data.valid, data.size, validation_loading(options, cache_)),
      bad_train_(data.train, "training dataset", options.max_bad_fraction, log),
      bad_valid_(data.valid, "validation dataset", options.max_bad_fraction, log),
      plan_(data.train.size(), static_cast<std::size_t>(options.batch_size), collective.rank(), collective.size()),
      buckets_(trainable_parameters(*network_), collective, kStatistics),
      optimizer_(trainable_parameters(*network_)),
      early_stop_(options.patience) {}

TrainResult Trainer::run() {
  TrainResult result;
  if (options_.warmup_epochs >= options_.epochs) {
    log_.warning("The warm-up of " + std::to_string(options_.warmup_epochs) + " epochs is as long as the training of " +
                 std::to_string(options_.epochs) + ": the learning rate rises throughout and never decays.");
  }
  log_.info("Start training epochs.");
  for (std::int64_t epoch = 0; epoch < options_.epochs && !result.stopped_early; ++epoch) {
    EpochMetrics metrics = train_epoch(epoch);
    const Totals valid =
        evaluate(*network_, valid_loader_, data_.valid.size(), data_.normalisation, options_, bad_valid_, collective_);
    metrics.valid_loss = valid.mean_loss();
    metrics.top1 = valid.top1();
    metrics.top5 = valid.top5();
    if (!std::isfinite(metrics.valid_loss)) {
      throw runtime::Error(
          "NaN.validation_loss",
          {{"value", number(metrics.valid_loss)}, {"epoch", std::to_string(metrics.epoch)}, {"lr", number(metrics.learning_rate)}});
    }
    log_.info(epoch_line(metrics));
    for (const auto& row : epoch_rows(metrics)) events_.send(row);
    keep_if_best(metrics);
    result.epochs.push_back(metrics);
    result.stopped_early = early_stop_.after(metrics.valid_loss) && epoch + 1 < options_.epochs;
  }
  if (result.stopped_early) {
    log_.info("Early stop after epoch " + std::to_string(epoch_) + ": the validation loss was not below the previous epoch's for " +
              std::to_string(options_.patience) + " consecutive epochs.");
  }
  result.kept_epoch = options_.keep_best ? best_.epoch() : epoch_;
  restore_best();
  return result;
}

EpochMetrics Trainer::train_epoch(std::int64_t epoch) {
  epoch_ = epoch + 1;
  network_->train();
  begin_pass(epoch);
  IterationMetrics m;
  m.epoch = epoch_;
  m.epochs = options_.epochs;
  m.iterations = static_cast<std::int64_t>(plan_.steps());
  m.learning_rate = learning_rate({options_.learning_rate * collective_.size(), options_.epochs, options_.warmup_epochs}, epoch);
  const auto start = Clock::now();
  auto last = start;
  for (std::size_t s = 0; s < plan_.steps(); ++s) {
    m.iteration = step_ = static_cast<std::int64_t>(s) + 1;
    events_.at(epoch_, step_);
    const std::size_t images = plan_.slice(s).global;
    const StepSums sums = step(images, m.learning_rate);
    m.images = static_cast<double>(images);
    m.loss = sums.loss;
    m.correct = sums.correct;
    const double seconds = seconds_since(last);
    last = Clock::now();
    report(m, seconds);
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

// All ranks reach finish() in every step, whatever happens to them before it: a rank that cannot go on says so in the statistics,
// and all stop in the same step, before the weights change.
Trainer::StepSums Trainer::step(std::size_t global_images, double learning_rate) {
  std::optional<runtime::Error> fault;
  const auto batch = train_loader_.next();
  if (!batch) throw std::logic_error("Trainer: the loader ended before the epoch");
  fault = bad_train_.report(batch->bad);
  at::Tensor loss;
  if (!fault) {
    try {
      loss = loss_and_statistics(*batch, global_images);
    } catch (const runtime::Error& error) {
      fault = error;
    }
  }
  if (fault) {
    buckets_.begin(std::array<double, kStatistics>{0, 0, 0, 1});
  } else {
    loss.backward();
  }
  const auto sums = buckets_.finish();
  if (sums[kFailed] > 0) collective_.agree(fault);
  bad_train_.count(sums[kBad]);
  if (!std::isfinite(sums[kLoss])) {
    throw runtime::Error("NaN.training_loss", {{"value", number(sums[kLoss] / static_cast<double>(global_images))},
                                               {"step", std::to_string(step_)},
                                               {"epoch", std::to_string(epoch_)},
                                               {"lr", number(learning_rate)}});
  }
  optimizer_.step(learning_rate);
  return {sums[kLoss], sums[kCorrect]};
}

// The loss whose gradients, summed over ranks, are those of the mean over the global batch.
at::Tensor Trainer::loss_and_statistics(const datasets::Batch& batch, std::size_t global_images) {
  at::Tensor logits;
  try {
    const models::AutocastScope autocast(options_.precision == Precision::bfloat16);
    logits = network_->forward(network_input(batch, data_.normalisation, options_)).to(at::kFloat);
  } catch (const c10::Error& error) {
    if (std::string(error.what_without_backtrace()).find("more than 1 value per channel") == std::string::npos) throw;
    throw runtime::Error("GreaterThanOrEqualTo.one_value_per_channel",
                         {{"value", std::to_string(options_.batch_size)},
                          {"size", std::to_string(data_.size.width) + " x " + std::to_string(data_.size.height)}});
  }
  const at::Tensor sum = at::cross_entropy_loss(logits, batch.labels, {}, at::Reduction::Sum);
  const double correct = logits.detach().argmax(1).eq(batch.labels).sum().item<double>();
  buckets_.begin(std::array<double, kStatistics>{sum.item<double>(), correct, static_cast<double>(batch.bad.size()), 0});
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
  events_.send(progress_event(m));
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
