#include "models/nn/classifier.h"

#include <torch/torch.h>

namespace torchport::models {
namespace {

// The architecture's switches: the component's true-or-false parameters with their defaults, overridden by the model's own.
// `pretrained` says where weights come from, not how the network is built.
std::map<std::string, bool> flags_of(const ModelSpec& spec) {
  std::map<std::string, bool> flags = spec.flags;
  for (const auto& parameter : spec.component->parameters) {
    if (parameter.type != runtime::ParameterType::boolean || parameter.option || parameter.name == "pretrained") continue;
    flags.try_emplace(parameter.name, parameter.default_text == "True");
  }
  return flags;
}

}  // namespace

Classifier make_classifier(const ModelSpec& spec, std::int64_t num_classes, std::int64_t seed) {
  // 15 million draws a tenth of a second: not worth a second way of building for callers that overwrite the weights.
  torch::manual_seed(static_cast<std::uint64_t>(seed));
  const auto& make = *architectures().at(spec.component->architecture->name);
  return make(ModelOptions{*spec.variant, num_classes, flags_of(spec)});
}

}  // namespace torchport::models
