// A head has three forms: the data's, another one, and the designer's second linear layer on top of ImageNet's 1000 logits.
#include "models/nn/load_weights.h"

#include <torch/torch.h>

#include <future>

#include "models/nn/conversions.h"
#include "models/nn/state_dict.h"
#include "models/weights/mismatches.h"
#include "runtime/error/error.h"

namespace torchport::models {
namespace {

// What the designer appends to a network with ImageNet weights, instead of a head for the data's classes.
constexpr char kSecondWeight[] = "out_linear_model.weight";
constexpr char kSecondBias[] = "out_linear_model.bias";

using Tensors = std::map<std::string, at::Tensor>;

void check_entries(const ClassifierModule& network, const ModelDirectory& directory, const std::string& head) {
  const bool second = directory.weights().find(kSecondWeight) != nullptr;
  const std::int64_t classes = directory.spec().num_classes.value_or(kImageNetClasses);
  auto expected = entries_of(network, kKeyPrefix, head, second ? kImageNetClasses : classes);
  if (second) {
    expected.push_back({kSecondWeight, DType::float32, {classes, kImageNetClasses}});
    expected.push_back({kSecondBias, DType::float32, {classes}});
  }
  check_weights(directory.weights(), expected, directory.what(), directory.spec().variant->name);
}

Tensors read_finite(const ModelDirectory& directory) {
  const StateDictFile& file = directory.weights();
  Tensors tensors;
  for (std::size_t i = 0; i < file.entries().size(); ++i) {
    const std::string& key = file.entries()[i].key;
    at::Tensor tensor = read_tensor(file, i);
    const bool counter = is_counter(key);
    if (!counter && is_floating(file.entries()[i].dtype)) tensor = tensor.to(at::kFloat);
    if (!counter && !is_finite(tensor)) {
      throw runtime::Error("InvalidModelDirectory.not_finite",
                           {{"what", directory.what()}, {"key", key}, {"path", directory.root().string()}});
    }
    tensors.emplace(key, std::move(tensor));
  }
  return tensors;
}

// Two linear layers without anything between them are one: Wo (Wf x + bf) + bo = (Wo Wf) x + (Wo bf + bo). In double precision.
void fold_second_layer(Tensors& tensors, const std::string& head) {
  at::Tensor& weight = tensors.at(std::string(kKeyPrefix) + head + ".weight");
  at::Tensor& bias = tensors.at(std::string(kKeyPrefix) + head + ".bias");
  const at::Tensor outer = tensors.at(kSecondWeight).to(at::kDouble);
  bias = at::mv(outer, bias.to(at::kDouble)) + tensors.at(kSecondBias).to(at::kDouble);
  weight = at::mm(outer, weight.to(at::kDouble));
}

LoadedWeights copy_weights(ClassifierModule& network, const ModelDirectory& directory, const std::vector<std::string>& labels,
                           Tensors tensors) {
  const std::string& head = directory.spec().component->architecture->head;
  check_entries(network, directory, head);
  const bool keep_head = directory.spec().labels == labels;
  if (keep_head && tensors.count(kSecondWeight) != 0) fold_second_layer(tensors, head);

  at::NoGradGuard values_only;
  Conversions conversions;
  for (auto& [key, tensor] : state_dict(network)) {
    if (!keep_head && (key == head + ".weight" || key == head + ".bias")) continue;
    const auto given = tensors.find(std::string(kKeyPrefix) + key);
    if (given == tensors.end()) continue;  // a counter, which check_entries lets lack
    conversions.add(directory.weights().find(given->first)->dtype, tensor, is_counter(key));
    tensor.copy_(converted(given->second, tensor, is_counter(key)));
  }
  return {keep_head ? Head::kept : Head::remade, conversions.text()};
}

}  // namespace

LoadedWeights load_weights(ClassifierModule& network, const ModelDirectory& directory, const std::vector<std::string>& labels) {
  return copy_weights(network, directory, labels, read_finite(directory));
}

LoadedNetwork load_network(const ModelDirectory& directory, const std::vector<std::string>& labels, std::int64_t seed) {
  // Building the network takes about half as long as reading the file: on another core it costs nothing.
  const auto make = [&] { return make_classifier(directory.spec(), static_cast<std::int64_t>(labels.size()), seed, Drawn::head); };
  auto building = std::async(std::launch::async, make);
  Tensors tensors = read_finite(directory);
  auto network = building.get();
  LoadedWeights weights = copy_weights(*network, directory, labels, std::move(tensors));
  return {std::move(network), weights.head, std::move(weights.converted)};
}

}  // namespace torchport::models
