// model.safetensors, with torchvision's names, and config.json, by which timm loads the folder ("local-dir:FOLDER").
#include "models/weights/safetensors_file.h"

#include "component/export/exported_model.h"
#include "component/export/model_card.h"
#include "component/export/model_notes.h"
#include "models/nn/state_dict.h"
#include "runtime/files/files.h"
#include "runtime/text/json.h"
#include "runtime/text/json_text.h"

namespace torchport::component {
namespace {

/// As timm writes it for Hugging Face's hub. "first_conv" and "classifier" are the ends that it replaces for other inputs and
/// labels.
std::string config(const ExportedModel& model) {
  using Json = nlohmann::ordered_json;
  const auto& architecture = *model.spec.component->architecture;
  Json pretrained = {{"mean", model.normalisation.mean},
                     {"std", model.normalisation.std_dev},
                     {"num_classes", model.spec.labels.size()},
                     {"classifier", architecture.head}};
  if (model.size) pretrained["input_size"] = {3, model.size->height, model.size->width};
  Json json = {{"architecture", model.spec.variant->name},
               {"num_classes", model.spec.labels.size()},
               {"label_names", model.spec.labels},
               {"pretrained_cfg", pretrained}};
  if (model.transformation) json["transforms"] = runtime::parse_ordered_json(model.transformation->json(), {});
  return runtime::json_text(json);
}

}  // namespace

Exported safetensors(const ExportedModel& model, runtime::OutputDirectory& output) {
  constexpr const char* kFile = "model.safetensors";
  std::vector<at::Tensor> keep;
  auto views = models::weight_views(model.network, keep, "");
  // Large elements first, so that all are aligned: the header's length is a multiple of 8.
  std::stable_sort(views.begin(), views.end(),
                   [](const auto& a, const auto& b) { return models::item_size(a.dtype) > models::item_size(b.dtype); });
  std::vector<models::TensorEntry> entries;
  for (const auto& view : views) entries.push_back({view.key, view.dtype, view.shape});
  Notes notes = notes_of(model);
  notes["format"] = "pt";  // what transformers and others insist on
  runtime::FileWriter file(output.path(kFile));
  file.write(models::safetensors_head(entries, notes));
  for (std::size_t i = 0; i < views.size(); ++i) file.write(views[i].data, entries[i].bytes());
  file.finish();
  output.write("config.json", config(model));
  std::string usage = "import timm\nimport torch\n" + python_image(model) + "\n";
  usage += "model = timm.create_model(\"local-dir:.\", pretrained=True).eval()   # of this folder\n";
  usage += "labels = open(\"labels.txt\", encoding=\"utf-8\").read().splitlines()\n";
  usage += "with torch.no_grad():\n    print(labels[model(image).argmax()])\n";
  return {kFile, "timm", usage};
}

}  // namespace torchport::component
