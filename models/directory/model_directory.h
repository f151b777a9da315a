// UntrainedModelDirectory and ModelDirectory (docs/contract.md, "ModelDirectory"): model spec, label map and weights. Torch-free.
// Written by the model components and Train PyTorch Model; read by Train and by `torchport validate`.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/weights/state_dict_file.h"
#include "models/weights/state_dict_writer.h"
#include "runtime/files/output_directory.h"
#include "runtime/spec/spec.h"

namespace torchport::models {

/// Outputs of a network whose model spec has no num_classes: ImageNet's classes.
inline constexpr std::int64_t kImageNetClasses = 1000;

/// The images that a model was trained on: a note of torchport's own beside the original's files (model_input.h).
struct ModelInput {
  std::int64_t height = 0, width = 0;  ///< pixels
  std::optional<std::string>
      transforms;  ///< what photos go through before, as in `_transforms.json`; absent where that is not known
};

/// What model_spec.yaml, index_to_label.csv and the note of the input say.
struct ModelSpec {
  const runtime::ComponentSpec* component = nullptr;  ///< resnet, densenet, ...
  const runtime::Variant* variant = nullptr;          ///< its row of `variants:`, e.g. resnet18
  bool pretrained = false;
  std::map<std::string, runtime::Value> parameters;    ///< the spec's `network` parameters, e.g. {"zero_init_residual", false}
  std::optional<std::int64_t> num_classes;             ///< absent in an untrained directory: a head of 1000 classes
  std::vector<std::string> labels;                     ///< by class index; empty in an untrained directory
  std::optional<std::array<double, 3>> mean, std_dev;  ///< ImageNormalizer of `inputs`
  std::optional<ModelInput> input;                     ///< absent in an untrained directory and in the original's
};

/// An opened model directory: its spec, labels and weights file are sound, and its last layer has the classes that the spec states.
/// Whether all other weights fit the network is for check_weights, which needs the network's own list.
class ModelDirectory {
 public:
  /// `what` names the directory in errors, e.g. "untrained model". A folder that has a model directory in it as a registered model
  /// of Azure ML has (spec/types.yaml, inner_folder) stands for that. \throws Error InvalidModelDirectory.* for anything missing,
  /// empty, of another type or unreadable
  static ModelDirectory open(const std::filesystem::path& given, std::string_view what);
  const ModelSpec& spec() const { return spec_; }
  /// Keys carry the prefix "model."; a pretrained directory with classes has "out_linear_model.weight|bias" as well.
  const StateDictFile& weights() const { return weights_; }
  const std::filesystem::path& root() const { return root_; }
  /// How errors name the directory, as given to open().
  const std::string& what() const { return what_; }

 private:
  std::filesystem::path root_;
  std::string what_;
  ModelSpec spec_;
  StateDictFile weights_;
};

/// Compares a weights file with the entries that `model` (e.g. "resnet18") has: by key, shape and type, in any order. Any
/// floating-point type will do, and a counter (num_batches_tracked) may be of any number type or lack.
/// \throws Error InvalidModelDirectory.weights_mismatch with the first differences as rows; `what` as for ModelDirectory::open
void check_weights(const StateDictFile& weights, const std::vector<TensorEntry>& expected, std::string_view what,
                   std::string_view model);

/// Writes and publishes a model directory. Untrained: `spec.num_classes` absent. Trained: labels given, with the training dataset's
/// schema and samples.
void write_model_directory(runtime::OutputDirectory& output, const ModelSpec& spec, const std::vector<TensorView>& weights,
                           const std::string& schema_json, const std::string& samples_json);

}  // namespace torchport::models
