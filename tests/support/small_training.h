// A training of seconds on recorded images, run at once or cut into parts: after each update and each validation its state is
// copied out and put into new objects. Used by the tests that the parts are the whole, on one rank and on several.
#pragma once
#include <ATen/ops/equal.h>

#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <utility>

#include "component/collectives/reducer.h"
#include "component/training/trainer.h"
#include "datasets/transforms/apply_transformation.h"
#include "tests/support/networks.h"
#include "tests/support/paths.h"

namespace torchport::test {

/// ResNet-18 on 24 images of 64 x 64, flipped at random, in 3 steps an epoch on one rank.
class SmallTraining {
 public:
  explicit SmallTraining(runtime::Control& control, const component::Device& device = component::Device())
      : control_(control),
        reducer_(component::make_reducer(control)),
        device_(device),
        log_({folder_ / "log", false}),
        train_(carrying("image_directory_labelled", R"([["Resize", 64], ["RandomHorizontalFlip", 0.5]])")),
        valid_(carrying("image_directory_valid", R"([["Resize", 64]])")) {}

  component::TrainerOptions options;
  /// What is trained in the place of a network, e.g. the same in float64.
  std::function<models::Classifier(models::Classifier)> in_its_place = [](models::Classifier network) { return network; };

  struct Outcome {
    component::TrainResult result;
    std::vector<at::Tensor> weights;
    int parts = 1;
    bool operator==(const Outcome& other) const {
      const auto figures = [](const component::EpochMetrics& m) {
        return std::tuple(m.epoch, m.learning_rate, m.train_loss, m.train_error, m.valid_loss, m.top1, m.top5);
      };
      const auto same_figures = [&](const auto& a, const auto& b) { return figures(a) == figures(b); };
      return result.kept_epoch == other.result.kept_epoch && result.stopped_early == other.result.stopped_early &&
             std::equal(result.epochs.begin(), result.epochs.end(), other.result.epochs.begin(), other.result.epochs.end(),
                        same_figures) &&
             std::equal(weights.begin(), weights.end(), other.weights.begin(), other.weights.end(),
                        [](const at::Tensor& a, const at::Tensor& b) { return a.equal(b); });
    }
  };

  Outcome at_once() {
    component::Boundary nobody;
    return at_once(nobody);
  }
  Outcome at_once(component::Boundary& boundary) {
    component::TrainingState state;
    return part(state, /*from_state=*/false, boundary);
  }
  /// Of what is told to sinks.
  void told_to(std::unique_ptr<runtime::Sink> sink) {
    std::vector<std::unique_ptr<runtime::Sink>> sinks;
    sinks.push_back(std::move(sink));
    events_ = runtime::Events(std::move(sinks));
  }
  /// The one that is trained, or was last.
  models::ClassifierModule& network() { return *network_; }
  std::string logged() const {
    std::ostringstream text;
    text << std::ifstream(folder_ / "log").rdbuf();
    return text.str();
  }

  /// Begins again, with other first weights and the state of the part before, whenever it is asked whether to go on.
  Outcome in_parts() {
    component::TrainingState state;
    Outcome outcome;
    for (int parts = 1;; ++parts) {
      CutEverywhere cuts;
      outcome = part(state, parts > 1, cuts);
      outcome.parts = parts;
      if (outcome.result.kept_epoch > 0) return outcome;
    }
  }

  /// A wish to stop comes while the first epoch is validated; another trainer goes on from there.
  Outcome stopped_while_validating() { return stopped(3); }
  /// The same with a wish that comes before the second update.
  Outcome stopped_between_updates() { return stopped(1); }

 private:
  Outcome stopped(int updates) {
    component::TrainingState state;
    StopAfter stop(updates);
    const Outcome first = part(state, /*from_state=*/false, stop);
    if (first.result.kept_epoch != 0 || !first.result.epochs.empty()) throw std::logic_error("the training was not stopped");
    component::Boundary nobody;
    return part(state, /*from_state=*/true, nobody);
  }

  datasets::ImageDirectory carrying(const std::string& name, const std::string& transforms) {
    const auto plain = datasets::ImageDirectory::open(original(name), "dataset");
    datasets::carry_transformation(plain, datasets::Transformation::parse(transforms), folder_ / name);
    return datasets::ImageDirectory::open(folder_ / name, "dataset");
  }

  struct CutEverywhere : component::Boundary {
    bool waits_for(const std::string&) const override { return true; }
    bool reached(const component::Trainer&, component::Place, const component::Wishes&) override { return false; }
  };

  struct StopAfter : component::Boundary {
    explicit StopAfter(int count) : updates(count) {}
    component::Wishes wishes() override { return {.stop = asked++ > updates}; }  // once before the first of them
    bool reached(const component::Trainer&, component::Place, const component::Wishes& all) override { return !all.stop; }
    int updates, asked = 0;
  };

  Outcome part(component::TrainingState& state, bool from_state, component::Boundary& boundary) {
    const component::TrainingData data{train_, valid_, {64, 64}, {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}, 1};
    network_ = in_its_place(models::make_classifier(model_spec("resnet18"), 3, from_state ? 2 : 1));
    component::Trainer trainer(options, data, network_, {device_, control_, *reducer_, log_, events_, position_});
    if (from_state) trainer.read(state);
    Outcome outcome{trainer.run(boundary), {}};
    state = {};
    trainer.write(state);
    for (const auto& tensors : {network_->parameters(), network_->buffers()}) {
      for (const auto& tensor : tensors) outcome.weights.push_back(tensor.detach().cpu());
    }
    return outcome;
  }

  TemporaryFolder folder_;
  runtime::Control& control_;
  std::unique_ptr<component::Reducer> reducer_;
  const component::Device device_;
  runtime::Log log_;
  runtime::Events events_;
  runtime::Position position_;
  datasets::ImageDirectory train_, valid_;
  models::Classifier network_;
};

/// The contract's training, short.
inline component::TrainerOptions plain_options() {
  return {.epochs = 3,
          .batch_size = 8,
          .warmup_epochs = 1,
          .learning_rate = 0.01,
          .random_seed = 1,
          .early_stop = {.patience = 10, .metric = component::EpochMetric::loss, .against_best = false, .min_delta = 0},
          .print_freq = 10,
          .keep_best = true,
          .best_by = component::EpochMetric::top1,
          .max_bad_fraction = 0,
          .channels_last = true,
          .precision = component::Precision::float32,
          .recipe = {.label_smoothing = 0,
                     .norm_weight_decay = true,
                     .accumulation_steps = 1,
                     .ema_decay = 0,
                     .progressive_resize = 1,
                     .mixup_alpha = 0,
                     .decay = component::Decay::polynomial,
                     .balanced_sampling = false,
                     .clip_gradient_norm = 0,
                     .sync_batch_norm = false},
          .cuda_graphs = true,
          .loader_threads = {.count = 1, .given = true, .most = 1},
          .fast_decode = false,
          .cache_memory = 0,
          .profile = 0,
          .trace_file = {},
          .first_batch_file = {},
          .first_batch_told = {},
          .gpu_advice_seconds = 1e9};
}

/// With all that keeps a state of its own: an average, accumulated gradients, mixed and growing images.
inline component::TrainerOptions rich_options() {
  component::TrainerOptions options = plain_options();
  options.recipe = {.label_smoothing = 0.1,
                    .norm_weight_decay = false,
                    .accumulation_steps = 2,
                    .ema_decay = 0.5,
                    .progressive_resize = 0.5,
                    .mixup_alpha = 0.2,
                    .decay = component::Decay::cosine,
                    .balanced_sampling = true,
                    .clip_gradient_norm = 0.5,
                    .sync_batch_norm = false};
  options.batch_size = 4;
  options.cache_memory = 1 << 20;
  return options;
}

/// The learning rate rises throughout, and soon the validation loss with it.
inline component::TrainerOptions stopping_options() {
  component::TrainerOptions options = plain_options();
  options.epochs = options.warmup_epochs = 6;
  options.early_stop.patience = 1;
  options.learning_rate = 2;
  return options;
}

}  // namespace torchport::test
