// ResNet, DenseNet and every other model component: writes an untrained model directory, with random weights, ImageNet's or those
// of a file. Which networks there are is the specs' matter: a component without a file of its own says `function: init_model`.
#include "component/download/fetch_weights.h"
#include "models/nn/classifier.h"
#include "models/nn/load_weights_file.h"
#include "models/nn/state_dict.h"
#include "models/weights/weights_file.h"
#include "runtime/request/context.h"

namespace torchport::component {
namespace {

models::ModelSpec model_spec(const runtime::Context& ctx) {
  models::ModelSpec spec;
  spec.component = &ctx.spec();
  spec.variant = ctx.spec().variant(ctx.param<std::string>("model_name"));
  spec.pretrained = ctx.param<bool>("pretrained") && !ctx.request.has("weights");
  for (const auto& row : ctx.spec().parameters) {
    if (row.network && ctx.request.has(row.name)) spec.parameters[row.name] = ctx.request.parameters.at(row.name).value;
  }
  const auto& published = ctx.spec().architecture->published;
  if (spec.pretrained || ctx.request.has("weights")) {
    spec.mean = published.mean;
    spec.std_dev = published.std_dev;
  }
  return spec;
}

void tell(const runtime::Context& ctx, const models::FileWeights& taken) {
  for (const auto& note : taken.notes) ctx.log.info(note);
  for (const auto& warning : taken.warnings) ctx.log.warning(warning);
}

void load_published(const runtime::Context& ctx, const models::ModelSpec& spec, models::ClassifierModule& network) {
  const auto path = fetch_weights(spec, static_cast<int>(ctx.param<std::int64_t>("download_timeout")), ctx.log);
  try {
    const auto file = models::StateDictFile::open(path, models::StateDictFile::Form::any);
    tell(ctx, models::load_weights_file(network, file, spec, "pretrained model"));
  } catch (const std::runtime_error& error) {
    throw runtime::Error("FailedToDownloadFiles.broken",
                         {{"model", spec.variant->name}, {"path", path.string()}, {"reason", error.what()}});
  }
  ctx.log.info("Made " + spec.variant->name + " with the ImageNet weights of '" + path.string() + "'.");
}

/// The weights of a file, in `network`. Its images are taken to have been normalised as those of the published weights.
void load_file(const runtime::Context& ctx, const models::ModelSpec& spec, models::ClassifierModule& network) {
  const auto& path = ctx.param<std::string>("weights");
  const auto taken = models::load_weights_file(network, models::open_weights_file(path), spec, "weights file");
  ctx.log.info("Made " + spec.variant->name + " with the weights of '" + path + "'" +
               (taken.head == models::Head::kept
                    ? "."
                    : "; its head is not one of ImageNet's classes and is made again from the random seed."));
  tell(ctx, taken);
}

}  // namespace

void init_model(runtime::Context& ctx) {
  const models::ModelSpec spec = model_spec(ctx);
  const auto network = models::make_classifier(spec, models::kImageNetClasses, ctx.param<std::int64_t>("random_seed"));
  if (ctx.request.has("weights")) {
    load_file(ctx, spec, *network);
  } else if (spec.pretrained) {
    load_published(ctx, spec, *network);
  } else {
    ctx.log.info("Made " + spec.variant->name + " with random weights.");
  }
  std::vector<at::Tensor> keep;
  runtime::OutputDirectory output(ctx.output("untrained_model"));
  models::write_model_directory(output, spec, models::weight_views(*network, keep), "", "");
  ctx.log.info("Saved the untrained model to '" + output.target().string() + "'.");
}

}  // namespace torchport::component
