// What has to be known of a model beside its weights, as texts by name: the metadata of a safetensors and an ONNX file. Written by
// component/exports/, read by torchport import.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "component/export/exported_model.h"

namespace torchport::component {

using Notes = std::map<std::string, std::string>;

/// architecture ("resnet18"), labels, mean and std as JSON lists, height and width in pixels and transforms (JSON, as in
/// `_transforms.json`) where they are known, producer.
Notes notes_of(const ExportedModel& model);

/// What such texts say; what they do not say, or what cannot be used, is absent.
struct ModelNotes {
  std::vector<std::string> labels;
  std::optional<datasets::Normalisation> normalisation;
  std::optional<models::ModelInput> input;
  std::vector<std::string> doubts;  ///< for the user: what cannot be used, and why
};
ModelNotes read_notes(const Notes& notes);

}  // namespace torchport::component
