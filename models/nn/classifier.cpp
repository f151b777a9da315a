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

Classifier make_classifier(const ModelSpec& spec, std::int64_t num_classes, std::int64_t seed, Drawn drawn) {
  auto flags = spec.flags;
  for (const auto& name : flag_names(*spec.component)) {
    flags.try_emplace(name, spec.component->parameter(name)->default_text == "True");
  }
  torch::manual_seed(static_cast<std::uint64_t>(seed));
  const auto& make = *architectures().at(spec.component->architecture->name);
  return make(ModelOptions{*spec.variant, num_classes, std::move(flags), drawn});
}

void use_channels_last(ClassifierModule& network) {
  for (auto& parameter : network.parameters()) {
    if (parameter.dim() == 4) parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

void ClassifierModule::train(bool on) {
  torch::nn::Module::train(on);
  for (const auto& module : modules(/*include_self=*/false)) {
    auto* const norm = module->as<torch::nn::BatchNorm2d>();
    if (norm && !norm->weight.requires_grad()) norm->eval();
  }
}

void freeze_all_but(ClassifierModule& network, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    if (!network.named_modules().contains(name)) throw std::logic_error("the network has no module '" + name + "'");
  }
  for (auto& parameter : network.named_parameters()) {
    const auto holds = [&](const std::string& name) { return parameter.key().starts_with(name + "."); };
    parameter.value().requires_grad_(std::any_of(names.begin(), names.end(), holds));
  }
}

}  // namespace torchport::models
