// A network that classifies images: what every file of models/architectures/ makes, and what Train and Score run.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
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
  std::map<std::string, bool> flags;  ///< zero_init_residual, memory_efficient
  Drawn drawn;
  bool flag(const std::string& name) const { return flags.at(name); }
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

/// The component's parameters that say how a network is built or initialised: the original's true-or-false ones, but for
/// `pretrained`, which says where weights come from.
std::vector<std::string> flag_names(const runtime::ComponentSpec& component);

/// Builds the network of a model spec with `num_classes` outputs, its weights drawn from `seed`.
Classifier make_classifier(const ModelSpec& spec, std::int64_t num_classes, std::int64_t seed, Drawn drawn = Drawn::all);

/// Lays the weights of convolutions out as channels-last activations want them.
void use_channels_last(ClassifierModule& network);

/// The network's parameters and buffers as torch's state_dict() orders them (each module's parameters, then its buffers, then its
/// children, depth first), with torchvision's names.
std::vector<std::pair<std::string, at::Tensor>> state_dict(const ClassifierModule& network);

/// How load_weights treated the head.
enum class Head { kept, remade };

/// Copies the directory's weights into `network` (built for the data's classes). The head is kept if the directory's labels equal
/// `labels` in names and order, and is left as initialised otherwise; `out_linear_model` is folded into it.
/// \throws Error InvalidModelDirectory.weights_mismatch, InvalidModelDirectory.not_finite
Head load_weights(ClassifierModule& network, const ModelDirectory& directory, const std::vector<std::string>& labels);

struct LoadedNetwork {
  Classifier network;
  Head head;
};

/// make_classifier and load_weights in one, side by side. \throws Error as load_weights
LoadedNetwork load_network(const ModelDirectory& directory, const std::vector<std::string>& labels, std::int64_t seed);

/// Copies the weights of a file into the network of `spec`: keys with or without "module." or "model.", older spellings, and any
/// floating-point type will do. A head of another number of classes, or none, leaves the network's as it is. `what` names the file
/// in errors, e.g. "weights file". \throws Error InvalidModelDirectory.weights_mismatch, InvalidModelDirectory.not_finite
Head load_weights_file(ClassifierModule& network, const StateDictFile& file, const ModelSpec& spec, std::string_view what);

/// Freezes all parameters that do not lie below one of the modules `names`, e.g. {"layer4", "fc"}: they get no gradient, and their
/// batch norms keep their statistics (ClassifierModule::train).
void freeze_all_but(ClassifierModule& network, const std::vector<std::string>& names);

/// Views for write_model_directory, keys prefixed by "model.". `keep` holds the contiguous CPU copies that the views point to.
std::vector<TensorView> weight_views(const ClassifierModule& network, std::vector<at::Tensor>& keep);

}  // namespace torchport::models
