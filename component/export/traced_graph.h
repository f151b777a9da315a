// The operations of a network as an ONNX graph: what LibTorch's tracer sees of a forward pass, operator by operator. Called by
// component/exports/onnx.cpp.
#pragma once
#include <vector>

#include "component/export/onnx/write_onnx.h"
#include "models/nn/classifier.h"

namespace torchport::component {

/// A graph, and what its constants point to: the network's own weights, and what the tracer made.
struct TracedGraph {
  onnx_module::Graph graph;  ///< nodes and constants alone
  std::vector<at::Tensor> keep;
};

/// Runs `network`, which is in evaluation mode, on `images` and writes down what it does, for any number of images and any size.
/// They go in as `input`, and what comes out is called `output`. Constants have the names of the state dict, and a node that has
/// weights that of their module. \throws Error FailedToCompleteOperation.onnx_operation for an operation that has no counterpart
/// here
TracedGraph traced_graph(models::ClassifierModule& network, const at::Tensor& images, const std::string& input,
                         const std::string& output);

}  // namespace torchport::component
