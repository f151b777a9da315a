#include "component/export/traced_graph.h"

#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/ir/ir.h>
#include <torch/torch.h>

#include "models/nn/norm_activation.h"
#include "models/nn/state_dict.h"
#include "runtime/error/error.h"

namespace torchport::component {
namespace {

using onnx_module::Constant;
using onnx_module::Node;
using torch::jit::Value;
using Ints = std::vector<std::int64_t>;

/// Builds the ONNX graph from the tracer's, node by node. Methods are called as ONNX calls its operators.
class Translator {
 public:
  explicit Translator(models::ClassifierModule& network) {
    for (const auto& [key, tensor] : models::state_dict(network)) names_[tensor.const_data_ptr()] = key;
  }

  TracedGraph translate(torch::jit::Graph& traced, const std::string& input, const std::string& output) {
    values_[traced.inputs().front()] = input;
    for (torch::jit::Node* const node : traced.nodes()) {
      if (node->kind().is_prim()) continue;  // constants and lists, which their users look at
      const std::string name = node->kind().toUnqualString();
      const auto found =
          kOperations.find(name.substr(0, name.find_last_not_of('_') + 1));  // what is done in place is the same here
      if (found == kOperations.end()) refuse(node->kind().toQualString());
      node_ = node;
      const std::string given = (this->*found->second)();
      if (!given.empty()) values_[node->output()] = given;
    }
    const std::string& last = values_.at(traced.outputs().front());
    for (Node& one : result_.graph.nodes) {
      if (one.output == last) one.output = output;
    }
    return std::move(result_);
  }

 private:
  using Operation = std::string (Translator::*)();
  static const std::map<std::string, Operation, std::less<>> kOperations;

  [[noreturn]] static void refuse(const std::string& operation) {
    throw runtime::Error("FailedToCompleteOperation.onnx_operation", {{"operation", operation}});
  }

  const Value* in(std::size_t i) const { return node_->input(i); }
  c10::IValue constant(std::size_t i) const {
    const auto value = torch::jit::toIValue(in(i));
    if (!value) refuse(std::string(node_->kind().toQualString()) + " with computed arguments");
    return *value;
  }
  Ints ints(std::size_t i) const {
    if (in(i)->node()->kind() != c10::prim::ListConstruct) return constant(i).toIntVector();
    Ints list;
    for (const Value* const item : in(i)->node()->inputs()) list.push_back(torch::jit::toIValue(item).value().toInt());
    return list;
  }
  /// The same number for both dimensions may be written once.
  Ints pair(std::size_t i) const {
    Ints list = ints(i);
    if (list.size() == 1) list.push_back(list.front());
    return list;
  }
  static Ints on_both_sides(const Ints& padding) { return {padding[0], padding[1], padding[0], padding[1]}; }
  void insist(bool holds, const char* what) const {
    if (!holds) refuse(std::string(node_->kind().toQualString()) + " with " + what);
  }

  /// The name of a tensor in the ONNX graph; a constant is put in when it is first used.
  std::string tensor(const Value* value) {
    if (const auto known = values_.find(value); known != values_.end()) return known->second;
    const auto constant = torch::jit::toIValue(value);
    insist(constant && constant->isTensor(), "a tensor from nowhere");
    return add_constant(value, constant->toTensor());
  }
  std::string add_constant(const Value* value, const at::Tensor& weights) { return values_[value] = named_constant(weights); }
  std::string named_constant(const at::Tensor& weights) {
    insist(weights.scalar_type() == at::kFloat, "weights that are not float32");
    const auto named = names_.find(weights.const_data_ptr());
    const std::string name = named == names_.end() ? "constant_" + std::to_string(result_.keep.size()) : named->second;
    if (!std::any_of(result_.graph.constants.begin(), result_.graph.constants.end(),
                     [&](const Constant& one) { return one.name == name; })) {
      result_.keep.push_back(weights.detach().contiguous());
      result_.graph.constants.push_back({name, weights.sizes().vec(), result_.keep.back().const_data_ptr<float>()});
    }
    return name;
  }

  /// Adds a node. It is named for the module of `weight`, or by its operation and number.
  std::string add(const char* operation, std::vector<std::string> inputs, std::map<std::string, onnx_module::Attribute> attributes,
                  const std::string& weight = "") {
    constexpr std::string_view kWeight = ".weight";
    const bool of_module = weight.ends_with(kWeight);
    std::string name = of_module ? weight.substr(0, weight.size() - kWeight.size())
                                 : std::string(operation) + "_" + std::to_string(result_.graph.nodes.size());
    result_.graph.nodes.push_back({operation, name, name, std::move(inputs), std::move(attributes)});
    return name;
  }

  std::string convolution() {
    insist(!constant(6).toBool(), "transposition");
    std::vector<std::string> inputs = {tensor(in(0)), tensor(in(1))};
    if (!constant_is_none(2)) inputs.push_back(tensor(in(2)));
    const auto kernel = torch::jit::toIValue(in(1)).value().toTensor().sizes();
    return add("Conv", inputs,
               {{"kernel_shape", Ints{kernel[2], kernel[3]}},
                {"strides", pair(3)},
                {"pads", on_both_sides(pair(4))},
                {"dilations", pair(5)},
                {"group", constant(8).toInt()}},
               inputs[1]);
  }
  bool constant_is_none(std::size_t i) const {
    const auto value = torch::jit::toIValue(in(i));
    return value && value->isNone();
  }
  std::string batch_norm() {
    insist(!constant(5).toBool(), "statistics of the batch");
    const std::vector<std::string> inputs = {tensor(in(0)), tensor(in(1)), tensor(in(2)), tensor(in(3)), tensor(in(4))};
    return add("BatchNormalization", inputs, {{"epsilon", static_cast<float>(constant(7).toDouble())}}, inputs[1]);
  }
  std::string relu() { return add("Relu", {tensor(in(0))}, {}); }
  std::string hardtanh() {
    const std::vector<std::string> inputs = {tensor(in(0)), bound(1), bound(2)};
    return add("Clip", inputs, {});
  }
  std::string relu6() { return add("Clip", {tensor(in(0)), number(0), number(6)}, {}); }
  /// One that is no value of the trace.
  std::string number(float value) {
    std::string& name = numbers_[value];
    if (name.empty()) name = named_constant(at::scalar_tensor(value, at::kFloat));
    return name;
  }
  std::string bound(std::size_t i) { return add_constant(in(i), at::scalar_tensor(constant(i).toScalar(), at::kFloat)); }
  std::string add_tensors() {
    insist(constant(2).toScalar().toDouble() == 1, "a factor");
    return add("Add", {tensor(in(0)), tensor(in(1))}, {});
  }
  std::string max_pool2d() {
    return add("MaxPool", {tensor(in(0))},
               {{"kernel_shape", pair(1)},
                {"strides", pair(ints(2).empty() ? 1 : 2)},
                {"pads", on_both_sides(pair(3))},
                {"dilations", pair(4)},
                {"ceil_mode", std::int64_t{constant(5).toBool()}}});
  }
  std::string avg_pool2d() {
    insist(constant_is_none(6), "a divisor");
    return add("AveragePool", {tensor(in(0))},
               {{"kernel_shape", pair(1)},
                {"strides", pair(ints(2).empty() ? 1 : 2)},
                {"pads", on_both_sides(pair(3))},
                {"ceil_mode", std::int64_t{constant(4).toBool()}},
                {"count_include_pad", std::int64_t{constant(5).toBool()}}});
  }
  std::string adaptive_avg_pool2d() {
    insist(pair(1) == Ints{1, 1}, "an output of more than one pixel");
    return add("GlobalAveragePool", {tensor(in(0))}, {});
  }
  std::string flatten() {
    insist(constant(2).toInt() == -1, "an end before the last dimension");
    return add("Flatten", {tensor(in(0))}, {{"axis", constant(1).toInt()}});
  }
  std::string transposition() {
    transposed_[node_->output()] = in(0);
    return "";
  }
  /// bias + x * transposed weight, which is what LibTorch makes of a linear layer.
  std::string linear() {
    const auto weight = transposed_.find(in(2));
    insist(weight != transposed_.end(), "a matrix that is not a transposed weight");
    insist(constant(3).toScalar().toDouble() == 1 && constant(4).toScalar().toDouble() == 1, "a factor");
    const std::vector<std::string> inputs = {tensor(in(1)), tensor(weight->second), tensor(in(0))};
    return add("Gemm", inputs, {{"transB", std::int64_t{1}}}, inputs[1]);
  }
  std::string cat() {
    std::vector<std::string> inputs;
    for (const Value* const item : in(0)->node()->inputs()) inputs.push_back(tensor(item));
    return add("Concat", inputs, {{"axis", constant(1).toInt()}});
  }

  std::map<const void*, std::string> names_;  ///< of the network's tensors, by their elements
  std::map<const Value*, std::string> values_;
  std::map<float, std::string> numbers_;
  std::map<const Value*, const Value*> transposed_;
  torch::jit::Node* node_ = nullptr;  ///< that is being translated
  TracedGraph result_;
};

/// By LibTorch's names, without the underscore of those that work in place.
const std::map<std::string, Translator::Operation, std::less<>> Translator::kOperations = {
    {"_convolution", &Translator::convolution},
    {"batch_norm", &Translator::batch_norm},
    {"relu", &Translator::relu},
    {"relu6", &Translator::relu6},
    {"hardtanh", &Translator::hardtanh},
    {"add", &Translator::add_tensors},
    {"max_pool2d", &Translator::max_pool2d},
    {"avg_pool2d", &Translator::avg_pool2d},
    {"adaptive_avg_pool2d", &Translator::adaptive_avg_pool2d},
    {"flatten", &Translator::flatten},
    {"t", &Translator::transposition},
    {"addmm", &Translator::linear},
    {"cat", &Translator::cat}};

}  // namespace

TracedGraph traced_graph(models::ClassifierModule& network, const at::Tensor& images, const std::string& input,
                         const std::string& output) {
  for (auto& parameter : network.parameters()) parameter.requires_grad_(false);  // else the tracer takes it for no constant
  const at::NoGradGuard values_only;
  const models::UnfusedScope operation_by_operation;
  const auto forward = [&](torch::jit::Stack stack) -> torch::jit::Stack { return {network.forward(stack.front().toTensor())}; };
  const auto state = torch::jit::tracer::trace({images}, forward, [](const at::Tensor&) { return ""; }).first;
  Translator translator(network);
  return translator.translate(*state->graph, input, output);
}

}  // namespace torchport::component
