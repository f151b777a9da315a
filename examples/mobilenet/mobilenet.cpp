// MobileNetV2 as torchvision 0.26 has it (models/mobilenetv2.py). Modules are made in torchvision's order, so that the same seed
// draws the same weights.
#include <torch/torch.h>

#include "models/nn/classifier.h"
#include "models/nn/convolution.h"
#include "models/nn/dropout.h"
#include "models/nn/norm_activation.h"

namespace torchport::models {
namespace {

using torch::nn::BatchNorm2d;
using torch::nn::Conv2d;

constexpr std::int64_t kFirstChannels = 32, kLastChannels = 1280;

// A convolution, its norm and ReLU6.
struct ConvNormRelu6 final : torch::nn::Module {
  Conv2d conv{nullptr};
  BatchNorm2d norm{nullptr};

  ConvNormRelu6(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride, std::int64_t groups = 1) {
    conv = register_module("0", convolution(in, out, kernel, stride, groups));
    norm = register_module("1", BatchNorm2d(out));
  }
  at::Tensor forward(const at::Tensor& x) {
    at::Tensor y = norm_only(norm, convolve(conv, x));
    return at::relu6_(y);
  }
};

// Widens the channels, filters each by itself, and narrows them again, without an activation.
struct InvertedResidual final : torch::nn::Module {
  std::vector<std::shared_ptr<ConvNormRelu6>> wide;
  Conv2d narrow{nullptr};
  BatchNorm2d norm{nullptr};
  bool shortcut;

  InvertedResidual(std::int64_t in, std::int64_t out, std::int64_t stride, std::int64_t expansion)
      : shortcut(stride == 1 && in == out) {
    auto conv = register_module("conv", std::make_shared<torch::nn::Module>());
    const auto add = [&](auto module) { return conv->register_module(std::to_string(conv->children().size()), module); };
    const std::int64_t width = in * expansion;
    if (expansion != 1) wide.push_back(add(std::make_shared<ConvNormRelu6>(in, width, 1, 1)));
    wide.push_back(add(std::make_shared<ConvNormRelu6>(width, width, 3, stride, width)));
    narrow = add(convolution(width, out, 1));
    norm = add(BatchNorm2d(out));
  }
  at::Tensor forward(const at::Tensor& x) {
    at::Tensor y = x;
    for (const auto& layer : wide) y = layer->forward(y);
    y = norm_only(norm, convolve(narrow, y));
    return shortcut ? x + y : y;
  }
};

struct MobileNetV2 final : ClassifierModule {
  torch::nn::Sequential features{nullptr}, classifier{nullptr};

  explicit MobileNetV2(const ModelOptions& options) {
    const auto& expansion = options.variant.integers("expansion");
    const auto& channels = options.variant.integers("channels");
    const auto& blocks = options.variant.integers("blocks");
    const auto& stride = options.variant.integers("stride");
    features = register_module("features", torch::nn::Sequential());
    features->push_back(ConvNormRelu6(3, kFirstChannels, 3, 2));
    std::int64_t in = kFirstChannels;
    for (std::size_t stage = 0; stage < blocks.size(); ++stage) {
      for (std::int64_t i = 0; i < blocks[stage]; ++i) {
        features->push_back(InvertedResidual(in, channels[stage], i == 0 ? stride[stage] : 1, expansion[stage]));
        in = channels[stage];
      }
    }
    features->push_back(ConvNormRelu6(in, kLastChannels, 1, 1));
    classifier = register_module("classifier", torch::nn::Sequential(Dropout(options.get<double>("dropout")),
                                                                     torch::nn::Linear(kLastChannels, options.num_classes)));
    for (const auto& module : modules(/*include_self=*/false)) {
      if (auto* const linear = module->as<torch::nn::Linear>()) {
        torch::nn::init::normal_(linear->weight, 0, 0.01);
        torch::nn::init::zeros_(linear->bias);
      } else if (auto* const conv = module->as<Conv2d>(); conv && options.drawn == Drawn::all) {
        torch::nn::init::kaiming_normal_(conv->weight, 0, torch::kFanOut);
      }
    }
  }
  at::Tensor forward(const at::Tensor& images) override {
    const at::Tensor x = features->forward(images);
    return classifier->forward(torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1));
  }
};

}  // namespace

Classifier mobilenet(const ModelOptions& options) { return std::make_shared<MobileNetV2>(options); }

}  // namespace torchport::models
