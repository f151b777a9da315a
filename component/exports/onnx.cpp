// model.onnx: the network as ONNX Runtime and others run it, what has to be known of it as metadata, and a pair of tensors in the
// form of ONNX's test data, with which any runtime can be checked.
#include <torch/torch.h>

#include "component/export/exported_model.h"
#include "component/export/model_card.h"
#include "component/export/model_notes.h"
#include "component/export/onnx/write_onnx.h"
#include "component/export/traced_graph.h"
#include "runtime/files/files.h"
#include "runtime/module.h"
#include "runtime/version.h"

namespace torchport::component {
namespace {

constexpr runtime::Module kModule = {"torchport-onnx", "writes ONNX files", onnx_module::kVersion};
constexpr const char *kInput = "images", *kOutput = "logits", *kFile = "model.onnx";
constexpr std::int64_t kImages = 2, kSomeSize = 64;  ///< of the test data, where the model has no size of its own

/// A function of the module, on a file of the output.
template <class Function, class Content>
void write(const char* name, runtime::OutputDirectory& output, const std::string& path, const Content& content) {
  static auto* const function = reinterpret_cast<Function*>(runtime::load_function(kModule, name));
  runtime::FileWriter file(output.path(path));
  try {
    function(content, [&](const void* data, std::size_t bytes) { file.write(data, bytes); });
  } catch (const std::runtime_error& error) {
    throw std::logic_error("ONNX's checker refuses the graph: " + std::string(error.what()));
  }
  file.finish();
}

/// What `images` give in the network as torchport predict runs it, and not as it was traced.
at::Tensor logits_of(models::ClassifierModule& network, const at::Tensor& images) {
  const at::NoGradGuard values_only;
  models::use_channels_last(network);
  return network.forward(images.contiguous(at::MemoryFormat::ChannelsLast)).contiguous();
}

void write_test_data(runtime::OutputDirectory& output, const char* file, const char* name, const at::Tensor& tensor) {
  write<onnx_module::WriteTensor>("torchport_write_onnx_tensor", output, "test_data_set_0/" + std::string(file),
                                  onnx_module::Constant{name, tensor.sizes().vec(), tensor.const_data_ptr<float>()});
}

}  // namespace

Exported onnx(const ExportedModel& model, runtime::OutputDirectory& output) {
  const std::int64_t some = std::max(kSomeSize, model.spec.component->architecture->minimum_size);
  const std::int64_t height = model.size ? model.size->height : some, width = model.size ? model.size->width : some;
  torch::manual_seed(0);
  const at::Tensor images = torch::randn({kImages, 3, height, width});
  TracedGraph traced = traced_graph(model.network, images, kInput, kOutput);
  onnx_module::Graph& graph = traced.graph;
  using Shape = std::vector<onnx_module::Extent>;
  graph.name = model.spec.variant->name;
  graph.producer_version = runtime::version();
  graph.input = {kInput, model.size ? Shape{"N", std::int64_t{3}, height, width} : Shape{"N", std::int64_t{3}, "height", "width"}};
  graph.output = {kOutput, {"N", static_cast<std::int64_t>(model.spec.labels.size())}};
  graph.metadata = notes_of(model);
  write<onnx_module::WriteModel>("torchport_write_onnx", output, kFile, graph);
  write_test_data(output, "input_0.pb", kInput, images);
  write_test_data(output, "output_0.pb", kOutput, logits_of(model.network, images));
  std::string usage = "import onnxruntime\n" + python_image(model) + "\n";
  usage += "session = onnxruntime.InferenceSession(\"model.onnx\")\n";
  usage += "labels = open(\"labels.txt\", encoding=\"utf-8\").read().splitlines()\n";
  usage += "logits, = session.run(None, {\"images\": image.numpy()})\nprint(labels[logits.argmax()])\n";
  return {kFile, "onnx", usage};
}

}  // namespace torchport::component
