#include "models/nn/classifier.h"

#include <torch/torch.h>

namespace torchport::models {

std::vector<std::string> flag_names(const runtime::ComponentSpec& component) {
  std::vector<std::string> names;
  for (const auto& parameter : component.parameters) {
    const bool flag = parameter.type == runtime::ParameterType::boolean && !parameter.option && parameter.name != "pretrained";
    if (flag) names.push_back(parameter.name);
  }
  return names;
}

Classifier make_classifier(const ModelSpec& spec, std::int64_t num_classes, std::int64_t seed) {
  auto flags = spec.flags;
  for (const auto& name : flag_names(*spec.component)) {
    flags.try_emplace(name, spec.component->parameter(name)->default_text == "True");
  }
  torch::manual_seed(static_cast<std::uint64_t>(seed));
  const auto& make = *architectures().at(spec.component->architecture->name);
  return make(ModelOptions{*spec.variant, num_classes, std::move(flags)});
}

void use_channels_last(ClassifierModule& network) {
  for (auto& parameter : network.parameters()) {
    if (parameter.dim() == 4) parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

}  // namespace torchport::models
