// README.md of an exported model: a model card as Hugging Face's hub reads it. Written by torchport export.
#pragma once
#include <string>

#include "component/export/exported_model.h"

namespace torchport::component {

/// What the network is, what its categories are, what a photo goes through before, and how the file is used.
std::string model_card(const ExportedModel& model, const Exported& exported);

/// Python that makes of photo.jpg a tensor `image` [1, 3, H, W] as the network takes it, with torchvision's transforms.
std::string python_image(const ExportedModel& model);

}  // namespace torchport::component
