// The interface of the module torchport-onnx, which writes ONNX files by libonnx, and what an ONNX graph is made of. The library
// and its protobuf, of which LibTorch and Arrow carry others, are loaded when a model is exported. Called by
// component/exports/onnx.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace torchport::onnx_module {

/// The module's interface; to be raised with each change of what follows.
inline constexpr int kVersion = 1;

/// An extent of a tensor: a number, or the name of one that is free.
using Extent = std::variant<std::int64_t, std::string>;

/// float32 that enters or leaves the graph.
struct Port {
  std::string name;
  std::vector<Extent> shape;
};

/// float32, row-major; the elements stay valid during the call.
struct Constant {
  std::string name;
  std::vector<std::int64_t> shape;
  const float* elements = nullptr;
};

using Attribute = std::variant<std::int64_t, float, std::vector<std::int64_t>>;

/// An operator of ONNX's own domain, with one output of its own name.
struct Node {
  std::string operation;  ///< e.g. "Conv"
  std::string name;
  std::string output;  ///< the name of what it gives
  std::vector<std::string> inputs;
  std::map<std::string, Attribute> attributes;
};

struct Graph {
  std::string name, producer_version;
  Port input, output;
  std::vector<Constant> constants;
  std::vector<Node> nodes;  ///< in an order in which they can be computed
  std::map<std::string, std::string> metadata;
};

/// Which version of ONNX's operators the nodes are of.
inline constexpr int kOperators = 17;

using Sink = std::function<void(const void*, std::size_t)>;

/// Writes the model file of a graph, after ONNX's own checker and its inference of shapes have passed it.
/// \throws std::runtime_error where they do not; and what `sink` throws
using WriteModel = void(const Graph& graph, const Sink& sink);
extern "C" WriteModel torchport_write_onnx;

/// Writes one tensor as a file of its own, in the form of ONNX's test data. \throws likewise
using WriteTensor = void(const Constant& tensor, const Sink& sink);
extern "C" WriteTensor torchport_write_onnx_tensor;

}  // namespace torchport::onnx_module
