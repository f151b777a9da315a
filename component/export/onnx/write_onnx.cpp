#include "component/export/onnx/write_onnx.h"

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <onnx/checker.h>
#include <onnx/onnx_pb.h>
#include <onnx/shape_inference/implementation.h>

extern "C" {
extern const int torchport_module_version;
const int torchport_module_version = torchport::onnx_module::kVersion;
}

namespace torchport::onnx_module {
namespace {

constexpr int kFormat = 8;                                ///< the IR version that came with operators 16 and 17
constexpr std::size_t kMostBytes = std::size_t{2} << 30;  ///< protobuf's limit of a message

class SinkStream final : public google::protobuf::io::CopyingOutputStream {
 public:
  explicit SinkStream(const Sink& sink) : sink_(sink) {}
  bool Write(const void* data, int size) override {
    sink_(data, static_cast<std::size_t>(size));
    return true;
  }

 private:
  const Sink& sink_;
};

void write(const google::protobuf::MessageLite& message, const Sink& sink) {
  SinkStream stream(sink);
  google::protobuf::io::CopyingOutputStreamAdaptor buffer(&stream);
  if (!message.SerializeToZeroCopyStream(&buffer) || !buffer.Flush()) throw std::runtime_error("protobuf could not write it");
}

void set(const Port& port, onnx::ValueInfoProto& out) {
  out.set_name(port.name);
  auto& type = *out.mutable_type()->mutable_tensor_type();
  type.set_elem_type(onnx::TensorProto::FLOAT);
  for (const Extent& extent : port.shape) {
    auto& dimension = *type.mutable_shape()->add_dim();
    if (const auto* number = std::get_if<std::int64_t>(&extent)) {
      dimension.set_dim_value(*number);
    } else {
      dimension.set_dim_param(std::get<std::string>(extent));
    }
  }
}

void set(const Constant& constant, onnx::TensorProto& out) {
  out.set_name(constant.name);
  out.set_data_type(onnx::TensorProto::FLOAT);
  std::size_t elements = 1;
  for (const std::int64_t size : constant.shape) {
    out.add_dims(size);
    elements *= static_cast<std::size_t>(size);
  }
  out.set_raw_data(constant.elements, elements * sizeof(float));
}

struct SetAttribute {
  onnx::AttributeProto& out;
  void operator()(std::int64_t value) const {
    out.set_type(onnx::AttributeProto::INT);
    out.set_i(value);
  }
  void operator()(float value) const {
    out.set_type(onnx::AttributeProto::FLOAT);
    out.set_f(value);
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    out.set_type(onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) out.add_ints(value);
  }
};

void set(const Node& node, onnx::NodeProto& out) {
  out.set_op_type(node.operation);
  out.set_name(node.name);
  for (const std::string& input : node.inputs) out.add_input(input);
  out.add_output(node.output);
  for (const auto& [name, value] : node.attributes) {
    auto& attribute = *out.add_attribute();
    attribute.set_name(name);
    std::visit(SetAttribute{attribute}, value);
  }
}

onnx::ModelProto model_of(const Graph& graph) {
  onnx::ModelProto model;
  model.set_ir_version(kFormat);
  model.set_producer_name("torchport");
  model.set_producer_version(graph.producer_version);
  auto& operators = *model.add_opset_import();
  operators.set_domain("");
  operators.set_version(kOperators);
  auto& out = *model.mutable_graph();
  out.set_name(graph.name);
  set(graph.input, *out.add_input());
  set(graph.output, *out.add_output());
  for (const Constant& constant : graph.constants) set(constant, *out.add_initializer());
  for (const Node& node : graph.nodes) set(node, *out.add_node());
  for (const auto& [key, value] : graph.metadata) {
    auto& row = *model.add_metadata_props();
    row.set_key(key);
    row.set_value(value);
  }
  return model;
}

}  // namespace

void torchport_write_onnx(const Graph& graph, const Sink& sink) {
  onnx::ModelProto model = model_of(graph);
  if (model.ByteSizeLong() >= kMostBytes) throw std::runtime_error("it is larger than 2 GiB, which an ONNX file cannot be");
  onnx::checker::check_model(model);
  onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), {/*check_type=*/true, /*error_mode=*/1});
  write(model, sink);
}

void torchport_write_onnx_tensor(const Constant& tensor, const Sink& sink) {
  onnx::TensorProto message;
  set(tensor, message);
  write(message, sink);
}

}  // namespace torchport::onnx_module
