// ResNet, DenseNet and every other model component: writes an untrained model directory, with random or ImageNet weights.
// Which networks there are is the specs' matter: a component without a file of its own says `function: init_model`.
#include "models/nn/classifier.h"
#include "models/pretrained.h"
#include "runtime/component.h"

namespace torchport::component {
namespace {

models::ModelSpec model_spec(const runtime::Context& ctx) {
  models::ModelSpec spec;
  spec.component = &ctx.spec();
  spec.variant = ctx.spec().variant(ctx.param<std::string>("model_name"));
  spec.pretrained = ctx.param<bool>("pretrained");
  for (const auto& name : models::flag_names(ctx.spec())) spec.flags[name] = ctx.param<bool>(name);
  return spec;
}

}  // namespace

void init_model(runtime::Context& ctx) {
  const models::ModelSpec spec = model_spec(ctx);
  const auto network = models::make_classifier(spec, models::kImageNetClasses, ctx.param<std::int64_t>("random_seed"));
  if (spec.pretrained) {
    const auto path = models::find_pretrained(*spec.variant);
    models::load_pretrained(*network, models::open_pretrained(*spec.variant), spec.variant->name);
    ctx.log.info("Made " + spec.variant->name + " with the ImageNet weights of '" + path.string() + "'.");
  } else {
    ctx.log.info("Made " + spec.variant->name + " with random weights.");
  }
  std::vector<at::Tensor> keep;
  runtime::OutputDirectory output(ctx.output("untrained_model"));
  models::write_model_directory(output, spec, models::weight_views(*network, keep), "", "");
  ctx.log.info("Saved the untrained model to '" + output.target().string() + "'.");
}

}  // namespace torchport::component
