// model.pth: a state dict that torchvision's load_state_dict(strict=True) takes as it is.
#include "component/export/exported_model.h"
#include "component/export/model_card.h"
#include "models/nn/state_dict.h"
#include "runtime/files/files.h"

namespace torchport::component {

Exported torchvision(const ExportedModel& model, runtime::OutputDirectory& output) {
  constexpr const char* kFile = "model.pth";
  std::vector<at::Tensor> keep;
  runtime::FileWriter file(output.path(kFile));
  models::write_state_dict(models::weight_views(model.network, keep, ""),
                           [&](const void* data, std::size_t bytes) { file.write(data, bytes); });
  file.finish();
  std::string usage = "import torch\nimport torchvision\n" + python_image(model) + "\n";
  usage += "model = torchvision.models." + model.spec.variant->name + "(num_classes=" + std::to_string(model.spec.labels.size()) +
           ").eval()\nmodel.load_state_dict(torch.load(\"model.pth\"))\n";
  usage += "labels = open(\"labels.txt\", encoding=\"utf-8\").read().splitlines()\n";
  usage += "with torch.no_grad():\n    print(labels[model(image).argmax()])\n";
  return {kFile, "torchvision", usage};
}

}  // namespace torchport::component
