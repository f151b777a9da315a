#include "component/export/model_card.h"

#include <numeric>

#include "runtime/text/format.h"
#include "runtime/text/json.h"
#include "runtime/text/python_json.h"
#include "runtime/text/text.h"
#include "runtime/version.h"

namespace torchport::component {
namespace {

constexpr std::size_t kShown = 20;  ///< categories; labels.txt has all

std::string list(const std::array<double, 3>& values) {
  return "[" + runtime::python_float(values[0]) + ", " + runtime::python_float(values[1]) + ", " +
         runtime::python_float(values[2]) + "]";
}

/// A text that Markdown shows as it is.
std::string plain(const std::string& text) {
  std::string shown;
  for (const char c : runtime::visible(text)) {
    if (std::string_view("\\`*_{}[]<>()#|!~").find(c) != std::string_view::npos) shown += '\\';
    shown += c;
  }
  return shown;
}

std::string categories(const std::vector<std::string>& labels) {
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(kShown, labels.size()); ++i) shown.push_back(plain(labels[i]));
  const std::string more = labels.size() > kShown ? " and " + std::to_string(labels.size() - kShown) + " more" : "";
  return std::to_string(labels.size()) + ": " + runtime::join(shown, ", ") + more + " (labels.txt, in the order of the outputs)";
}

std::string before(const ExportedModel& model) {
  if (!model.transformation) return "not known";
  return model.transformation->operations() == 0 ? "nothing" : "`" + model.transformation->json() + "`, by torchvision's names";
}

std::string input(const ExportedModel& model) {
  const std::string size =
      model.size ? std::to_string(model.size->height) + ", " + std::to_string(model.size->width) : "height, width";
  return "float32 [N, 3, " + size + "], RGB: (value / 255 - mean) / std, mean " + list(model.normalisation.mean) + ", std " +
         list(model.normalisation.std_dev);
}

std::int64_t parameters(const models::ClassifierModule& network) {
  const auto all = network.parameters();
  return std::accumulate(all.begin(), all.end(), std::int64_t{0}, [](std::int64_t n, const auto& one) { return n + one.numel(); });
}

}  // namespace

std::string python_image(const ExportedModel& model) {
  std::string python = "from PIL import Image\nfrom torchvision import transforms\n\n";
  std::string steps;
  if (model.transformation && model.transformation->operations() > 0) {
    python += "def operation(name, given):   # a number is the first argument, a list has them by place, a dict by name\n";
    python += "    make = getattr(transforms, name)\n";
    python +=
        "    return make(**given) if isinstance(given, dict) else make(*given) if isinstance(given, list) else make(given)\n\n";
    steps = "*(operation(*row) for row in json.loads('" + model.transformation->json() + "')), ";
    python = "import json\n" + python;
  }
  python += "prepare = transforms.Compose([" + steps +
            "transforms.ToTensor(),\n                              transforms.Normalize(" + list(model.normalisation.mean) + ", " +
            list(model.normalisation.std_dev) + ")])\n";
  return python + "image = prepare(Image.open(\"photo.jpg\").convert(\"RGB\"))[None]\n";
}

std::string model_card(const ExportedModel& model, const Exported& exported) {
  const std::string& name = model.spec.variant->name;
  std::string card =
      "---\nlibrary_name: " + exported.library + "\npipeline_tag: image-classification\ntags:\n- image-classification\n- ";
  card += exported.library + "\n---\n\n# " + name + ", " + std::to_string(model.spec.labels.size()) + " categories\n\n";
  card += "| What | |\n| --- | --- |\n";
  card += "| Network | " + name + ", with torchvision's names of its weights; " + std::to_string(parameters(model.network)) +
          " parameters |\n";
  card += "| Categories | " + categories(model.spec.labels) + " |\n| Input | " + input(model) + " |\n";
  card += "| What a photo goes through before | " + before(model) + " |\n| Output | float32 [N, " +
          std::to_string(model.spec.labels.size()) + "], logits: softmax makes probabilities of them |\n";
  card += "| Written by | torchport " + runtime::version() + ", `torchport export` |\n\n";
  card += "On what it was trained, and how good it is, a model does not say: the report of its run does.\n\n## Use\n\n```python\n";
  return card + exported.usage + "```\n";
}

}  // namespace torchport::component
