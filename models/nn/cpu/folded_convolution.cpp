#include "models/nn/cpu/folded_convolution.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/torch.h>

#include <optional>
#include <string_view>

namespace torchport::models {
namespace {

// LibTorch has oneDNN's fused convolutions for its own compiler and promises them to nobody.
class Operation {
 public:
  /// Is one if LibTorch declares it so.
  Operation(const char* name, const char* overload, std::string_view declared) {
    const auto found = c10::Dispatcher::singleton().findSchema({name, overload});
    if (found && c10::toString(found->schema()) == declared) handle_ = found;
  }
  explicit operator bool() const { return handle_.has_value(); }

  template <class... Arguments>
  at::Tensor operator()(Arguments&&... arguments) const {
    torch::jit::Stack stack;
    torch::jit::push(stack, std::forward<Arguments>(arguments)...);
    handle_->callBoxed(stack);
    return std::move(stack.front()).toTensor();
  }

 private:
  std::optional<c10::OperatorHandle> handle_;
};

struct Operations {
  // As in LibTorch 2.11.
  const Operation pack{"mkldnn::_reorder_convolution_weight", "",
                       "mkldnn::_reorder_convolution_weight(Tensor self, int[2] padding=0, int[2] stride=1, "
                       "int[2] dilation=1, int groups=1, int[]? input_size=None) -> Tensor Y"};
  const Operation unary{"mkldnn::_convolution_pointwise", "",
                        "mkldnn::_convolution_pointwise(Tensor X, Tensor W, Tensor? B, int[] padding, int[] stride, "
                        "int[] dilation, int groups, str attr, Scalar?[] scalars, str? algorithm) -> Tensor Y"};
  const Operation binary{"mkldnn::_convolution_pointwise_", "binary",
                         "mkldnn::_convolution_pointwise_.binary(Tensor(a!) other, Tensor X, Tensor W, Tensor? B, int[] padding, "
                         "int[] stride, int[] dilation, int groups, str binary_attr, Scalar? alpha, str? unary_attr, "
                         "Scalar?[] unary_scalars, str? unary_algorithm) -> Tensor(a!) Y"};
  /// Whether all are as declared here; else the same is computed by operations that LibTorch promises.
  explicit operator bool() const { return pack && unary && binary; }
};

const Operations& fused() {
  static const Operations operations;
  return operations;
}

const c10::List<std::optional<at::Scalar>> kNoScalars;

}  // namespace

bool has_fused_convolutions() { return static_cast<bool>(fused()); }

FoldedConvolution::FoldedConvolution(const torch::nn::Conv2dImpl& convolution, const torch::nn::BatchNorm2dImpl* norm,
                                     const at::Tensor& x, bool fuse)
    : padding_(std::get<torch::ExpandingArray<2>>(convolution.options.padding())->begin(),
               std::get<torch::ExpandingArray<2>>(convolution.options.padding())->end()),
      stride_(convolution.options.stride()->begin(), convolution.options.stride()->end()),
      dilation_(convolution.options.dilation()->begin(), convolution.options.dilation()->end()),
      groups_(convolution.options.groups()),
      fuse_(fuse) {
  at::Tensor weight = convolution.weight.detach();
  if (norm) {
    const at::Tensor variance = norm->running_var.to(at::kDouble), mean = norm->running_mean.to(at::kDouble);
    const at::Tensor scale = norm->weight.detach().to(at::kDouble) / (variance + norm->options.eps()).sqrt();
    weight = weight.to(at::kDouble) * scale.view({-1, 1, 1, 1});
    bias_ = (norm->bias.detach().to(at::kDouble) - mean * scale).to(x.scalar_type());
  }
  weight_ = weight.to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
  if (fuse_) weight_ = fused().pack(weight_, padding_, stride_, dilation_, groups_, x.sizes().vec());
}

at::Tensor FoldedConvolution::operator()(const at::Tensor& x, const Finish& finish) const {
  if (!fuse_) return in_steps(x, finish);
  const std::optional<at::Tensor> bias = bias_.defined() ? std::optional(bias_) : std::nullopt;
  if (!finish.shortcut.defined()) {
    return fused().unary(x, weight_, bias, padding_, stride_, dilation_, groups_, finish.relu ? "relu" : "none", kNoScalars,
                         std::optional<std::string>());
  }
  return fused().binary(finish.shortcut, x, weight_, bias, padding_, stride_, dilation_, groups_, "add",
                        std::optional<at::Scalar>(1), finish.relu ? std::optional<std::string>("relu") : std::nullopt, kNoScalars,
                        std::optional<std::string>());
}

at::Tensor FoldedConvolution::in_steps(const at::Tensor& x, const Finish& finish) const {
  at::Tensor y = at::conv2d(x, weight_, bias_, stride_, padding_, dilation_, groups_);
  if (finish.shortcut.defined()) y.add_(finish.shortcut);
  return finish.relu ? y.relu_() : y;
}

}  // namespace torchport::models
