// Score Image Model: a trained model and an image directory in, the probability of each category for each image out
// (docs/contract.md, "Score").
#include <c10/core/InferenceMode.h>

#include <chrono>
#include <cmath>
#include <cstdio>

#include "component/images/bad_images.h"
#include "component/images/loader_threads.h"
#include "component/images/scoring_pass.h"
#include "component/images/size_check.h"
#include "component/images/trained_input.h"
#include "component/training/choose_device.h"
#include "component/training/network_input.h"
#include "component/training/precision.h"
#include "datasets/directory/image_origins.h"
#include "datasets/sources/directory_account.h"
#include "datasets/tables/scored_dataset.h"
#include "models/directory/model_directory.h"
#include "models/nn/convolution.h"
#include "models/nn/cpu/cpu_bfloat16.h"
#include "models/nn/load_weights.h"
#include "runtime/clock.h"
#include "runtime/report/progress_line.h"
#include "runtime/request/context.h"
#include "runtime/text/format.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kStrangersTold = 5;
constexpr auto kBetweenReports = std::chrono::seconds(10);

datasets::ImageDirectory open_dataset(const runtime::Context& ctx, std::string_view port) {
  auto images = ctx.open<datasets::ImageDirectory>(port);
  datasets::tell_of_raw(images, ctx.log);
  ctx.log.info("Images: " + std::to_string(images.size()) + (images.labelled() ? ", labelled." : ", without labels."));
  if (const datasets::Transformation* carried = images.transformation()) {
    ctx.log.info("The images are transformed whenever they are read: " + carried->names() + ", without what is random.");
  }
  return images;
}

/// Images of categories that the model does not have cannot be right, whatever it answers.
void warn_of_strangers(const datasets::ImageDirectory& images, const std::vector<std::string>& labels, runtime::Log& log) {
  if (!images.labelled() || labels.empty()) return;
  const std::set<std::string> known(labels.begin(), labels.end());
  std::vector<std::string> strange;
  for (const auto& category : images.categories())
    if (!known.contains(category.name)) strange.push_back("'" + category.name + "'");
  if (strange.empty()) return;
  const std::size_t count = strange.size();
  strange.resize(std::min(kStrangersTold, count));
  log.warning(std::to_string(count) + " of the " + std::to_string(images.categories().size()) +
              " categories of the dataset are none of the model's, so that their images count as mistakes: " +
              runtime::join(strange, ", ") + (count > kStrangersTold ? " ..." : ""));
}

/// The directory's network with its own head, ready to infer.
models::Classifier load_network(const runtime::Context& ctx, const models::ModelDirectory& directory, bool channels_last,
                                const Device& device) {
  auto [network, head, converted] = models::load_network(directory, directory.spec().labels, /*seed=*/0);
  if (!converted.empty()) ctx.log.info(converted);
  if (channels_last) models::use_channels_last(*network);
  device.take(*network);
  network->eval();
  return network;
}

/// The rows of the table, batch by batch. Images that cannot be used leave none.
class Rows {
 public:
  Rows(const datasets::ImageDirectory& images, const models::ModelDirectory& model, runtime::Log& log)
      : images_(images), origins_(images), model_(model) {
    if (!origins_.doubt().empty()) log.warning(origins_.doubt());
    scored_.classes = model.spec().labels;
    scored_.probabilities.resize(scored_.classes.size());
    for (auto& column : scored_.probabilities) column.reserve(images.size());
  }

  /// `probabilities`: float32 [N, classes] of the next N images; `bad` those of them that are none, by index.
  /// \throws Error InvalidModelDirectory.scores_not_finite
  void add(const at::Tensor& probabilities, const std::vector<datasets::BadImage>& bad) {
    const auto values = probabilities.accessor<float, 2>();
    auto left_out = bad.begin();
    for (std::int64_t row = 0; row < values.size(0); ++row, ++done_) {
      if (left_out != bad.end() && left_out->index == done_) {
        ++left_out;
      } else {
        add_row({values[row].data(), scored_.classes.size()});
      }
    }
  }

  std::size_t done() const { return done_; }
  std::size_t size() const { return scored_.rows(); }
  void write(const std::filesystem::path& target, datasets::TableFormat format) && {
    runtime::OutputDirectory output(target);
    datasets::write_scored_dataset(output, std::move(scored_), images_.label_column(), format);
  }

 private:
  void add_row(std::span<const float> probabilities) {
    for (std::size_t c = 0; c < probabilities.size(); ++c) {
      if (!std::isfinite(probabilities[c])) {
        throw runtime::Error(
            "InvalidModelDirectory.scores_not_finite",
            {{"what", model_.what()}, {"path", model_.root().string()}, {"file", std::string(images_.file(done_))}});
      }
      scored_.probabilities[c].push_back(static_cast<double>(probabilities[c]));
    }
    const auto best = std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin();  // the first of equals
    scored_.predicted.push_back(scored_.classes[static_cast<std::size_t>(best)]);
    scored_.ids.push_back(images_.id(done_));
    scored_.origins.push_back(origins_.of(done_));
    if (images_.labelled()) scored_.truth.push_back(images_.categories()[static_cast<std::size_t>(images_.label(done_))].name);
  }

  const datasets::ImageDirectory& images_;
  const datasets::ImageOrigins origins_;
  const models::ModelDirectory& model_;
  datasets::ScoredDataset scored_;
  std::size_t done_ = 0;  ///< images, left out ones included
};

/// What is in the table counts as scored; what was left out of it is said.
std::string progress(const Rows& rows, std::size_t of, Clock::time_point start) {
  const double seconds = runtime::seconds_since(start);
  const std::size_t left_out = rows.done() - rows.size();
  return runtime::formatted("Scored %zu of %zu images in %.1f s, %.2f images per second", rows.size(), of, seconds,
                            static_cast<double>(rows.done()) / seconds) +
         (left_out > 0 ? "; " + std::to_string(left_out) + " left out." : ".");
}

/// What bfloat16 changes, seen in one batch.
void tell_of_rounding(const Scorer& scorer, const at::Tensor& images, const at::Tensor& rounded, runtime::Log& log) {
  const at::Tensor exact = ScoringPass(scorer, Precision::float32)(images).cpu();
  log.info(
      runtime::formatted("bfloat16 beside float32 in the first %lld images: the likeliest category is the same in %lld, and "
                         "probabilities differ by at most %.4f.",
                         static_cast<long long>(exact.size(0)),
                         static_cast<long long>(exact.argmax(1).eq(rounded.argmax(1)).sum().item<std::int64_t>()),
                         static_cast<double>((exact - rounded).abs().max().item<float>())));
}

/// Goes through all images in their order.
void score(const runtime::Context& ctx, const Scorer& scorer, Precision precision, StagedLoader& loader, std::size_t images,
           BadImages& bad, Rows& rows) {
  const c10::InferenceMode inference;
  if (scorer.flip) ctx.log.info("The probabilities are the means of those of each image and of its mirror image.");
  const ScoringPass pass(scorer, precision);
  begin_in_order(loader, 0, images, static_cast<std::size_t>(ctx.param<std::int64_t>("batch_size")));
  bad.start_pass();
  runtime::ProgressLine line(&ctx.log, "scoring", images);
  const auto start = Clock::now();
  auto reported = start;
  while (const auto batch = loader.next()) {
    ctx.control.agree(bad.report(batch->bad, batch->none_readable));
    bad.count(static_cast<double>(batch->bad.size()));
    HostCopy probabilities = scorer.device.fetch(pass(batch->images));
    loader.prepare();
    const at::Tensor answers = probabilities.wait();
    if (precision == Precision::bfloat16 && rows.done() == 0) tell_of_rounding(scorer, batch->images, answers, ctx.log);
    rows.add(answers, batch->bad);
    line.done(static_cast<std::size_t>(answers.size(0)));
    if (Clock::now() - reported < kBetweenReports) continue;
    reported = Clock::now();
    ctx.log.info(progress(rows, images, start));
  }
  bad.check_categories(ctx.control);
  ctx.log.info(progress(rows, images, start));
}

}  // namespace

void score_image_model(runtime::Context& ctx) {
  const Device device = choose_device(ctx, ctx.param<std::string>("device"));
  auto images = open_dataset(ctx, "dataset");
  const auto model = ctx.open<models::ModelDirectory>("trained_model");
  const bool as_is = ctx.param<bool>("as_is");
  if (!as_is) treat_as_trained(images, model, ctx.log);
  const auto& spec = model.spec();
  const bool channels_last = ctx.param<std::string>("memory_format") == "channels_last";
  models::use_convolution(models::convolution_named(ctx.param<std::string>("convolution")));
  const Precision precision = decide_precision(ctx, ctx.param<std::string>("precision"), device);
  const LoaderThreads threads = loader_threads(ctx, ctx.param<std::int64_t>("loader_threads"));
  BadImages bad(images, ctx.param<double>("max_bad_fraction"), ctx.log, Fate::left_out);
  const auto size = as_is ? common_size(images, bad, ctx.control) : size_as_trained(images, model, bad, ctx.control);
  check_minimum_size(images, size, spec);

  const auto network = load_network(ctx, model, channels_last, device);
  ctx.log.info("Loaded " + spec.variant->name + " with " + std::to_string(spec.labels.size()) + " categories from '" +
               model.root().string() + "'.");
  warn_of_strangers(images, spec.labels, ctx.log);
  StagedLoader loader(images, size, {threads.count, {std::nullopt, false, nullptr}}, device,
                      ThreadSizing(threads, "images", ctx.log));
  Rows rows(images, model, ctx.log);
  const Scorer scorer{*network, normalisation_of(spec), channels_last, ctx.param<bool>("test_time_flip"), device};
  score(ctx, scorer, precision, loader, images.size(), bad, rows);

  ctx.record.set("result", {{"images", rows.done()}, {"rows", rows.size()}});
  ctx.record.set("summary", std::to_string(rows.size()) + " of " + std::to_string(rows.done()) + " images scored");
  const bool parquet = ctx.param<std::string>("scored_format") == "parquet";
  std::move(rows).write(ctx.output("scored_dataset"), parquet ? datasets::TableFormat::parquet : datasets::TableFormat::csv);
  ctx.log.info("Saved the scored dataset to '" + ctx.output("scored_dataset").string() + "'.");
}

}  // namespace torchport::component
