#include "models/nn/dense_node.h"

#include "models/nn/cpu/fused_node.h"
#include "models/nn/dense_buffer.h"

namespace torchport::models {

torch::autograd::variable_list DenseNode::apply(torch::autograd::variable_list&& gradients) {
  torch::autograd::variable_list result(num_outputs());
  at::Tensor gradient = std::move(gradients.at(0)), later = std::move(gradients.at(1));
  if (!gradient.defined()) {
    result[0] = later;
    return result;
  }
  refuse_double_backward();
  TORCH_CHECK(features.defined(), "backward through a dense block a second time: its features have been freed");
  if (!gradient.is_contiguous(at::MemoryFormat::ChannelsLast)) gradient = gradient.contiguous(at::MemoryFormat::ChannelsLast);
  if (later.defined()) later = own_pixels(std::move(later));
  backward(std::move(gradient), std::move(later), result);
  return result;
}

}  // namespace torchport::models
