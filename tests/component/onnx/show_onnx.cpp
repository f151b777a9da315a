// What is in an ONNX file, as JSON, so that tests need no ONNX for Python: show_onnx FILE OUT; the constants' elements go to OUT,
// one after the other. show_onnx --tensor FILE OUT: the elements of a tensor's file alone.
#include <onnx/onnx_pb.h>

#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

namespace {

using Json = nlohmann::ordered_json;

Json shape(const onnx::ValueInfoProto& port) {
  Json list = Json::array();
  for (const auto& dimension : port.type().tensor_type().shape().dim())
    list.push_back(dimension.has_dim_param() ? Json(dimension.dim_param()) : Json(dimension.dim_value()));
  return {{"name", port.name()}, {"type", port.type().tensor_type().elem_type()}, {"shape", list}};
}

Json sizes(const onnx::TensorProto& tensor) { return std::vector<std::int64_t>(tensor.dims().begin(), tensor.dims().end()); }

Json value(const onnx::AttributeProto& attribute) {
  if (attribute.type() == onnx::AttributeProto::INT) return attribute.i();
  if (attribute.type() == onnx::AttributeProto::FLOAT) return attribute.f();
  return std::vector<std::int64_t>(attribute.ints().begin(), attribute.ints().end());
}

Json show(const onnx::ModelProto& model, std::ostream& elements) {
  Json json = {
      {"ir_version", model.ir_version()}, {"operators", model.opset_import(0).version()}, {"producer", model.producer_name()}};
  json["input"] = shape(model.graph().input(0));
  json["output"] = shape(model.graph().output(0));
  for (const auto& row : model.metadata_props()) json["metadata"][row.key()] = row.value();
  for (const auto& constant : model.graph().initializer()) {
    json["constants"][constant.name()] = sizes(constant);
    elements << constant.raw_data();
  }
  for (const auto& node : model.graph().node()) {
    Json row = {{"operation", node.op_type()}, {"name", node.name()}, {"output", node.output(0)}, {"attributes", Json::object()}};
    row["inputs"] = std::vector<std::string>(node.input().begin(), node.input().end());
    for (const auto& attribute : node.attribute()) row["attributes"][attribute.name()] = value(attribute);
    json["nodes"].push_back(row);
  }
  return json;
}

}  // namespace

int main(int argc, char** argv) {
  const bool tensor = argc == 4;
  std::ifstream in(argv[argc - 2], std::ios::binary);
  std::ofstream out(argv[argc - 1], std::ios::binary);
  if (tensor) {
    onnx::TensorProto message;
    if (!message.ParseFromIstream(&in)) return 1;
    out << message.raw_data();
    std::cout << sizes(message).dump() << "\n";
    return out.flush() ? 0 : 1;
  }
  onnx::ModelProto model;
  if (!model.ParseFromIstream(&in)) return 1;
  std::cout << show(model, out).dump() << "\n";
  return out.flush() ? 0 : 1;
}
