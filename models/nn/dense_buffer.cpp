#include "models/nn/dense_buffer.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/record_function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/torch.h>

#include "models/nn/cpu/fused_node.h"
#include "models/nn/cpu/fused_norm.h"
#include "models/nn/dense_node.h"

namespace torchport::models {
namespace {

using torch::autograd::variable_list;

// Inputs: the features so far, the new ones. Output: all of them.
struct AppendNode final : FusedNode {
  std::int64_t before = 0, added = 0;
  DenseBuffer::CopyPixels* copy = nullptr;

  std::string name() const override { return "torchport::DenseAppendNode"; }
  void backward(at::Tensor gradient, variable_list& result) override {
    gradient = own_pixels(std::move(gradient));
    const at::Tensor of_added = gradient.narrow(1, before, added);
    result[1] = at::empty(of_added.sizes(), of_added.options().memory_format(at::MemoryFormat::ChannelsLast));
    copy(of_added, result[1]);
    if (before > 0) result[0] = gradient.narrow(1, 0, before);
  }
};

at::Tensor room_for(const at::Tensor& x, std::int64_t channels) {
  const std::vector<std::int64_t> sizes = {x.size(0), channels, x.size(2), x.size(3)};
  return at::empty(sizes, x.options().requires_grad(false).memory_format(at::MemoryFormat::ChannelsLast));
}

}  // namespace

at::Tensor own_pixels(at::Tensor gradient) {
  const std::int64_t width = pixels<const void>(gradient).stride;
  const std::vector<std::int64_t> strides = {gradient.size(2) * gradient.size(3) * width, 1, gradient.size(3) * width, width};
  bool whole_pixels = width >= gradient.size(1);
  for (std::int64_t d = 0; d < 4; ++d)
    whole_pixels &= gradient.size(d) == 1 || gradient.stride(d) == strides[static_cast<std::size_t>(d)];
  return whole_pixels && is_ours_alone(gradient) ? gradient : gradient.clone(at::MemoryFormat::ChannelsLast);
}

DenseBuffer::DenseBuffer(const at::Tensor& x, std::int64_t channels, CopyPixels* copy)
    : buffer_(room_for(x, channels)), copy_(copy) {}

at::Tensor DenseBuffer::view() const {
  const at::AutoDispatchBelowADInplaceOrView plain;
  return buffer_.narrow(1, 0, channels_);
}

at::Tensor DenseBuffer::features_of_its_own() const { return room_for(buffer_, channels_); }

void DenseBuffer::remember(const std::shared_ptr<DenseNode>& node, const at::Tensor& features, const at::Tensor& y) {
  node->features = features;
  current_ = view();
  torch::autograd::set_history(y, node);
  torch::autograd::set_history(current_, node);
}

void DenseBuffer::append(const at::Tensor& features) {
  RECORD_FUNCTION("torchport::dense_append", std::vector<c10::IValue>());
  const variable_list sources = {current_, features};
  const std::int64_t before = channels_;
  {
    const at::AutoDispatchBelowADInplaceOrView plain;
    const at::Tensor room = buffer_.narrow(1, before, features.size(1));
    take(features.to(room.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast), room);
  }
  channels_ += features.size(1);
  current_ = view();
  if (!wants_gradient(sources)) return;
  const auto node = make_node<AppendNode>(sources);
  node->before = before;
  node->added = features.size(1);
  node->copy = copy_;
  torch::autograd::set_history(current_, node);
}

}  // namespace torchport::models
