// A trained network on its way out: what the formats of component/exports/ get. component/exports/<format>.cpp has
// `Exported <format>(const ExportedModel&, runtime::OutputDirectory&)`. Made by torchport export.
#pragma once
#include <optional>
#include <string>

#include "datasets/loading/normalised.h"
#include "datasets/transforms/transformation.h"
#include "models/nn/classifier.h"
#include "runtime/files/output_directory.h"
#include "runtime/spec/table.h"

namespace torchport::component {

struct ExportedModel {
  const models::ModelSpec& spec;      ///< with labels
  models::ClassifierModule& network;  ///< in evaluation mode
  datasets::Normalisation normalisation;
  std::optional<datasets::Transformation> transformation;  ///< what photos go through before, without what is random
  std::optional<datasets::ImageSize> size;                 ///< of the images that the network takes
};

/// What became of it.
struct Exported {
  std::string file;     ///< with the weights
  std::string library;  ///< which loads it, as Hugging Face's hub names it: "library_name" of the model card
  std::string usage;    ///< Python that loads it and looks at a photo
};

/// The generated table of component/exports/.
const runtime::Table<Exported(const ExportedModel&, runtime::OutputDirectory&)>& exports();

}  // namespace torchport::component
