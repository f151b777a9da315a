// Train PyTorch Model: model directory and two image directories in, trained model directory out (docs/contract.md, "Train").
#include <numeric>

#include "component/checkpoint/checkpoints.h"
#include "component/checkpoint/conditions.h"
#include "component/images/category_check.h"
#include "component/images/size_check.h"
#include "component/images/trained_input.h"
#include "component/training/choose_device.h"
#include "component/training/equal_inputs.h"
#include "component/training/recipe/balance.h"
#include "component/training/recipe/schedule.h"
#include "component/training/trainer.h"
#include "component/training/trainer_options.h"
#include "datasets/directory/category_weights.h"
#include "datasets/sources/directory_account.h"
#include "models/directory/model_directory.h"
#include "models/nn/convolution.h"
#include "models/nn/load_weights.h"
#include "models/nn/state_dict.h"
#include "runtime/files/space.h"
#include "runtime/request/context.h"
#include "runtime/text/format.h"
#include "runtime/text/text.h"
#include "runtime/watch/standing.h"

namespace torchport::component {

namespace {

// Weights that begin at random are trained on [-1, 1], as the original trains all.
constexpr std::array<double, 3> kHalf = {0.5, 0.5, 0.5};
constexpr std::int64_t kMostPlanned = 1000;  ///< epochs of which run.json has the planned learning rates

CheckpointOptions checkpoint_options(const runtime::Context& ctx) {
  return {.on = ctx.param<bool>("checkpoints"),
          .minutes = ctx.param<double>("checkpoint_minutes"),
          .resume = ctx.param<std::string>("resume"),
          .allow_inexact = ctx.param<bool>("allow_inexact_resume"),
          .stop_at = ctx.request.has("stop_at") ? ctx.param<std::string>("stop_at") : ""};
}

datasets::ImageDirectory open_dataset(const runtime::Context& ctx, std::string_view port, bool augmented) {
  ctx.log.info("Start loading images from '" + ctx.input(port).string() + "'.");
  auto images = ctx.open<datasets::ImageDirectory>(port);
  datasets::tell_of_raw(images, ctx.log);
  if (!images.raw()) ctx.log.info("Got annotation type: COCO_classification");
  ctx.log.info("Images: " + std::to_string(images.size()) + ", categories: " + std::to_string(images.categories().size()) + ".");
  std::string names;
  for (const auto& category : images.categories()) names += (names.empty() ? "'" : ", '") + category.name + "'";
  ctx.log.info("Dataset classes: [" + names + "]");
  warn_of_categories(images, ctx.log);
  if (const datasets::Transformation* carried = images.transformation()) {
    ctx.log.info("The images of the " + images.what() + " are transformed whenever they are read: " + carried->names() +
                 (augmented ? ", drawn afresh in each epoch." : ", without what is random."));
  }
  return images;
}

std::vector<std::string> label_names(const datasets::ImageDirectory& images) {
  std::vector<std::string> names;
  for (const auto& category : images.categories()) names.push_back(category.name);
  return names;
}

// Rules that need the world size or the images' headers, and so come after the checks that `torchport validate` runs.
datasets::ImageSize check_data(const runtime::Context& ctx, const TrainerOptions& options, const datasets::ImageDirectory& train,
                               const datasets::ImageDirectory& valid, const models::ModelSpec& model) {
  const auto share = static_cast<std::int64_t>(train.size()) / ctx.control.size();
  if (options.batch_size > share) {
    throw runtime::Error("LessThanOrEqualTo.batch_share", {{"value", std::to_string(options.batch_size)},
                                                           {"bound", std::to_string(share)},
                                                           {"ranks", std::to_string(ctx.control.size())},
                                                           {"rows", std::to_string(train.size())}});
  }
  const auto size_of = [&](const datasets::ImageDirectory& images, bool augmented) {
    BadImages bad(images, options.max_bad_fraction, ctx.log);
    return common_size(images, bad, ctx.control, augmented);
  };
  const auto size = size_of(train, true), valid_size = size_of(valid, false);
  if (size != valid_size) {
    throw runtime::Error("InvalidDataset.dataset_sizes_differ", {},
                         {{train.what(), train.root().string() + "   " + size_text(size)},
                          {valid.what(), valid.root().string() + "   " + size_text(valid_size)}});
  }
  check_minimum_size(train, size, model);
  return size;
}

std::int64_t count_elements(const std::vector<at::Tensor>& tensors) {
  return std::accumulate(tensors.begin(), tensors.end(), std::int64_t{0},
                         [](std::int64_t sum, const at::Tensor& tensor) { return sum + tensor.numel(); });
}

void freeze(const runtime::Context& ctx, const models::ModelSpec& spec, models::ClassifierModule& network) {
  const auto& layers = ctx.param<std::string>("train_layers");
  if (layers == "all") return;
  const auto& architecture = *spec.component->architecture;
  std::vector<std::string> names = {architecture.head};
  if (layers == "last_block") names.insert(names.begin(), architecture.last_block.begin(), architecture.last_block.end());
  models::freeze_all_but(network, names);
  ctx.log.info("Training " + runtime::join(names, ", ") + ": " + std::to_string(count_elements(trainable_parameters(network))) +
               " of " + std::to_string(count_elements(network.parameters())) +
               " parameters. The others are frozen, their batch norms' statistics too.");
  const bool random = !spec.pretrained && !spec.mean && !spec.num_classes;
  if (random) ctx.log.warning("The frozen layers have random weights: nothing has trained them yet.");
}

models::Classifier build_network(const runtime::Context& ctx, const models::ModelDirectory& directory,
                                 const std::vector<std::string>& labels, std::int64_t seed) {
  ctx.log.info("Start building model.");
  ctx.log.info("Initializing " + directory.spec().variant->name + " with " + std::to_string(labels.size()) + " classes.");
  auto [network, head, converted] = models::load_network(directory, labels, seed);
  if (!converted.empty()) ctx.log.info(converted);
  const bool kept = head == models::Head::kept;
  ctx.log.info(
      kept ? "The weights of the model directory are the start, its head included: its labels are those of the data."
           : "The weights of the model directory are the start; its head is made anew for the categories of the data, from the "
             "random seed.");
  ctx.record.set("head", kept ? "kept" : "remade");
  freeze(ctx, directory.spec(), *network);
  return network;
}

/// Of the training loss, by class; empty where all weigh 1.
std::vector<double> class_weights(const runtime::Context& ctx, const datasets::ImageDirectory& train) {
  const bool balanced = ctx.param<std::string>("class_weights") == "balanced", from_file = ctx.request.has("class_weights_file");
  if (!balanced && !from_file) return {};
  const auto images = datasets::images_of_categories(train);
  auto weights = balanced ? datasets::balanced_category_weights(images)
                          : datasets::read_category_weights(ctx.param<std::string>("class_weights_file"), train);
  weights = datasets::with_mean_of_one(std::move(weights), images);
  ctx.record.set("class_weights", tell_of_weights(weights, train, ctx.log));
  return weights;
}

/// Batch norms over all ranks wait for each other on the host.
void check_sync_batch_norm(const runtime::Context& ctx, const TrainerOptions& options, const Device& device) {
  if (options.recipe.sync_batch_norm && !device.is_host() && ctx.control.size() > 1)
    throw runtime::Error("FailedToCompleteOperation.sync_on_gpu", {{"processes", std::to_string(ctx.control.size())}});
}

// What the weights were trained on: as the directory says, else as it is with published weights, else as the original does.
datasets::Normalisation normalisation(const models::ModelSpec& model) {
  if (model.mean && model.std_dev) return {*model.mean, *model.std_dev};
  const auto& published = model.component->architecture->published;
  if (model.pretrained) return {published.mean, published.std_dev};
  return {kHalf, kHalf};
}

void save(const runtime::Context& ctx, models::ModelSpec spec, const models::ClassifierModule& network, const TrainingData& data,
          const std::vector<std::string>& labels) {
  ctx.log.info("Saving trained model " + ctx.output("trained_model").string());
  spec.pretrained = false;  // its own weights are all it needs: nothing is to be fetched when it is loaded
  spec.num_classes = static_cast<std::int64_t>(labels.size());
  spec.labels = labels;
  spec.mean = data.normalisation.mean;
  spec.std_dev = data.normalisation.std_dev;
  spec.input = trained_input(data.train, data.valid, data.size, ctx.log);
  std::vector<at::Tensor> keep;
  runtime::OutputDirectory output(ctx.output("trained_model"));
  models::write_model_directory(output, spec, models::weight_views(network, keep), data.train.schema_json(),
                                data.train.samples_json());
  ctx.events.output({"trained_model_outputs", output.files()});
}

/// Room for the trained model, on the rank that writes it: a full disk is found before the first epoch, not after the last.
std::unique_ptr<runtime::HeldRoom> hold_room(const runtime::Context& ctx, const models::ClassifierModule& network,
                                             const datasets::ImageDirectory& train) {
  constexpr std::uint64_t kFiles = 8;                                      // the folder and what is in it
  constexpr std::uint64_t kEntry = 1024, kMost = std::uint64_t{64} << 10;  // around a tensor in its file, and small files
  std::uint64_t bytes = kMost + train.schema_json().size() + train.samples_json().size();
  for (const auto& [key, tensor] : models::state_dict(network)) bytes += kEntry + tensor.nbytes();
  std::unique_ptr<runtime::HeldRoom> room;
  ctx.control.agree_on([&] {
    if (ctx.control.rank() == 0)
      room = std::make_unique<runtime::HeldRoom>(ctx.output("trained_model"), bytes, kFiles, "trained model");
  });
  return room;
}

/// The rate of each epoch, for who looks at the run: a training that stops early has not used the last of them.
void record_plan(const runtime::Context& ctx, const TrainerOptions& options) {
  if (options.epochs > kMostPlanned) return;
  const Schedule schedule = options.schedule(ctx.control.size());
  std::vector<double> rates;
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) rates.push_back(learning_rate(schedule, epoch));
  ctx.record.set("planned_learning_rates", rates);
}

/// Says and records what the range test found. The trainer multiplies the rate by the number of processes; what is given is not.
void find_learning_rate(const runtime::Context& ctx, Trainer& trainer) {
  const auto updates = ctx.param<std::int64_t>("find_learning_rate");
  if (updates == 0) return;
  if (trainer.has_begun())
    return ctx.log.info("The learning rate is not looked for again: the training goes on from a checkpoint.");
  ctx.log.info("Looking for the learning rate: up to " + std::to_string(updates) +
               " updates whose rate rises; the training begins anew after them.");
  const auto curve = trainer.find_learning_rate(updates);
  nlohmann::json found = {{"rates", curve.rates}, {"losses", curve.losses}, {"smoothed", curve.smoothed}};
  const std::string tried = std::to_string(curve.rates.size()) + (curve.rates.size() == 1 ? " rate up to " : " rates up to ") +
                            runtime::formatted("%.3g", curve.rates.empty() ? 0 : curve.rates.back());
  if (curve.steepest) {
    const double suggestion = *curve.steepest / ctx.control.size();
    found["steepest"] = *curve.steepest;
    found["suggestion"] = suggestion;
    const std::string said =
        runtime::formatted("Suggested: --learning-rate %.3g", suggestion) + ", where the smoothed loss falls fastest, of " + tried +
        (ctx.control.size() > 1 ? runtime::formatted("; it is multiplied by the %d processes.", ctx.control.size()) : ".");
    found["said"] = said;  // for the report
    ctx.log.info(said);
  } else {
    ctx.log.warning("No learning rate is suggested: the smoothed loss falls nowhere among " + tried +
                    ". More updates may show more.");
  }
  ctx.record.set("learning_rate_finder", found);
}

void record_result(const runtime::Context& ctx, const TrainResult& result) {
  const EpochMetrics& kept = result.epochs[static_cast<std::size_t>(result.kept_epoch - 1)];
  ctx.log.info(runtime::formatted("The weights of epoch %lld of %zu come out: top-1 %.5f, validation loss %.5f.",
                                  static_cast<long long>(kept.epoch), result.epochs.size(), kept.top1, kept.valid_loss));
  ctx.record.set("summary", runtime::formatted("the weights of epoch %lld of %zu, with top-1 %.3f",
                                               static_cast<long long>(kept.epoch), result.epochs.size(), kept.top1));
  ctx.record.set("result", {{"kept_epoch", kept.epoch},
                            {"epochs_run", result.epochs.size()},
                            {"stopped_early", result.stopped_early},
                            {"top1", kept.top1},
                            {"top5", kept.top5},
                            {"valid_loss", kept.valid_loss}});
}

}  // namespace

void train_pytorch_model(runtime::Context& ctx) {
  runtime::standing().enter(runtime::Phase::loading);
  Checkpoints checkpoints(ctx, checkpoint_options(ctx));
  Device device = choose_device(ctx, ctx.param<std::string>("device"));
  const Precision precision = decide_precision(ctx, ctx.param<std::string>("precision"), device);
  models::use_convolution(models::convolution_named(ctx.param<std::string>("convolution")));
  const TrainerOptions options = trainer_options(ctx, precision);
  check_sync_batch_norm(ctx, options, device);
  record_plan(ctx, options);
  const auto train = open_dataset(ctx, "training_dataset", true);
  const auto valid = open_dataset(ctx, "validation_dataset", false);
  std::optional directory = ctx.open<models::ModelDirectory>("untrained_model");
  const models::ModelSpec model = directory->spec();
  check_equal(*directory, ctx.control);
  check_equal(train, ctx.control);
  check_equal(valid, ctx.control);
  const auto size = check_data(ctx, options, train, valid, model);
  if (options.recipe.balanced_sampling) ctx.record.set("sampling", tell_of_balance(train, ctx.log));
  const auto labels = label_names(train);
  const auto network = build_network(ctx, *directory, labels, options.random_seed);
  directory.reset();  // the network has its weights: training needs the memory

  auto room = hold_room(ctx, *network, train);
  const TrainingData data{
      train, valid, size, normalisation(model), model.component->architecture->minimum_size, class_weights(ctx, train)};
  TrainResult result;
  {
    const runtime::Log::Block block(ctx.log, "Starting training");
    const auto reducer = make_reducer(ctx.control, device, ctx.run_dir, ctx.log);
    Trainer trainer(options, data, network, {device, ctx.control, *reducer, ctx.log, ctx.events, ctx.position});
    checkpoints.begin(trainer, [&, precision](const std::atomic<bool>& given_up) {
      return conditions_of(ctx, device, precision, train, valid, given_up);
    });
    find_learning_rate(ctx, trainer);
    result = trainer.run(checkpoints);
    if (result.kept_epoch == 0) checkpoints.stopped();
    checkpoints.trained();
  }
  runtime::standing().enter(runtime::Phase::saving);
  if (ctx.control.rank() == 0) {
    record_result(ctx, result);
    room.reset();
    save(ctx, model, *network, data, labels);
  }
  checkpoints.finished();
  ctx.control.barrier();
}

}  // namespace torchport::component
