#include "models/nn/classifier.h"

#include <torch/torch.h>

#include "models/nn/dropout.h"
#include "runtime/request/parse_value.h"

namespace torchport::models {

Classifier make_classifier(const ModelSpec& spec, std::int64_t num_classes, std::int64_t seed, Drawn drawn) {
  auto parameters = spec.parameters;
  for (const auto& row : spec.component->parameters) {
    if (row.network && row.default_text) parameters.try_emplace(row.name, runtime::parse_value(row, *row.default_text));
  }
  torch::manual_seed(static_cast<std::uint64_t>(seed));
  const auto& make = *architectures().at(spec.component->architecture->name);
  Classifier network = make(ModelOptions{*spec.variant, num_classes, std::move(parameters), drawn});
  std::int64_t place = 0;
  for (const auto& module : network->modules(/*include_self=*/false)) {
    if (auto* const dropout = module->as<Dropout>()) dropout->set_place(place++);
  }
  return network;
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
