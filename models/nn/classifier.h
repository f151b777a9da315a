// A network that classifies images: what every file of models/architectures/ makes, and what Train and Score run.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>

#include "models/directory/model_directory.h"
#include "runtime/spec/spec.h"
#include "runtime/spec/table.h"

namespace torchport::models {

/// Which weights a new network draws: all, or the head's because the others will be loaded. The head's draw is the same.
enum class Drawn { all, head };

/// What an architecture is built from: its row of `variants:` and the parameters of its component.
struct ModelOptions {
  const runtime::Variant& variant;
  std::int64_t num_classes;
  std::map<std::string, runtime::Value> parameters;  ///< those that the spec marks as `network`, e.g. zero_init_residual
  Drawn drawn;
  /// A parameter by the spec's name and type: std::int64_t, double, bool, or std::string for a choice.
  template <class T>
  const T& get(const std::string& name) const {
    return std::get<T>(parameters.at(name));
  }
};

/// forward: float images [N, 3, H, W] to logits [N, num_classes]. Submodules carry torchvision's names.
class ClassifierModule : public torch::nn::Module {
 public:
  virtual at::Tensor forward(const at::Tensor& images) = 0;
  /// As of every module, but a batch norm whose weights are frozen stays in evaluation mode: it uses its statistics and keeps them.
  void train(bool on = true) override;
};
using Classifier = std::shared_ptr<ClassifierModule>;

/// The generated table of models/architectures/: architecture name to `Classifier name(const ModelOptions&)`.
/// A function builds and initialises as torchvision does, drawing from torch's default generator.
const runtime::Table<Classifier(const ModelOptions&)>& architectures();

/// Builds the network of a model spec with `num_classes` outputs, its weights drawn from `seed`. Parameters that the model spec
/// lacks have the component's defaults.
Classifier make_classifier(const ModelSpec& spec, std::int64_t num_classes, std::int64_t seed, Drawn drawn = Drawn::all);

/// Lays the weights of convolutions out as channels-last activations want them.
void use_channels_last(ClassifierModule& network);

/// Freezes all parameters that do not lie below one of the modules `names`, e.g. {"layer4", "fc"}: they get no gradient, and their
/// batch norms keep their statistics (ClassifierModule::train).
void freeze_all_but(ClassifierModule& network, const std::vector<std::string>& names);

}  // namespace torchport::models
