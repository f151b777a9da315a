// DenseNet-BC as torchvision 0.26 has it (models/densenet.py), without dropout, which the designer does not offer.
// Modules are made in torchvision's order, so that the same seed draws the same weights.
#include <torch/torch.h>

#include "models/nn/classifier.h"
#include "models/nn/convolution.h"
#include "models/nn/dense_features.h"
#include "models/nn/norm_activation.h"
#include "models/nn/recompute.h"

namespace torchport::models {
namespace {

using torch::nn::BatchNorm2d;
using torch::nn::Conv2d;

// A bottleneck has this many times the growth rate's channels (the paper's and torchvision's bn_size).
constexpr std::int64_t kBottleneckFactor = 4;

// What all dense layers of a network share.
struct LayerOptions {
  std::int64_t growth_rate;
  bool memory_efficient;
};

// Adds `growth_rate` channels, computed from all channels of the block so far.
struct DenseLayer final : torch::nn::Module {
  BatchNorm2d norm1{nullptr}, norm2{nullptr};
  Conv2d conv1{nullptr}, conv2{nullptr};
  bool memory_efficient;

  DenseLayer(std::int64_t in, const LayerOptions& o) : memory_efficient(o.memory_efficient) {
    const std::int64_t width = kBottleneckFactor * o.growth_rate;
    norm1 = register_module("norm1", BatchNorm2d(in));
    conv1 = register_module("conv1", convolution(in, width, 1));
    norm2 = register_module("norm2", BatchNorm2d(width));
    conv2 = register_module("conv2", convolution(width, o.growth_rate, 3));
  }
  at::Tensor forward(DenseFeatures& features) {
    if (memory_efficient) return convolve(conv2, norm_relu(norm2, forgetful_bottleneck(features.list())));
    return convolve(conv2, convolve_norm_relu(conv1, norm2, features.norm_relu(norm1)));
  }
  // The normalised copies of all features are what makes a DenseNet's memory grow with the square of its depth.
  at::Tensor forgetful_bottleneck(const std::vector<at::Tensor>& features) {
    auto compute = [norm = norm1, conv = conv1](const std::vector<at::Tensor>& inputs) mutable {
      return convolve(conv, norm_relu(norm, torch::cat(inputs, 1)));
    };
    const auto needs_gradient = [](const at::Tensor& feature) { return feature.requires_grad(); };
    if (std::none_of(features.begin(), features.end(), needs_gradient)) return compute(features);
    return checkpoint(compute, features, {norm1->weight, norm1->bias, conv1->weight});
  }
};

struct DenseBlock final : torch::nn::Module {
  std::vector<std::shared_ptr<DenseLayer>> layers;
  std::int64_t channels;  // of the output
  bool memory_efficient;

  DenseBlock(std::int64_t in, std::int64_t length, const LayerOptions& o)
      : channels(in + length * o.growth_rate), memory_efficient(o.memory_efficient) {
    for (std::int64_t i = 0; i < length; ++i) {
      auto layer = std::make_shared<DenseLayer>(in + i * o.growth_rate, o);
      layers.push_back(register_module("denselayer" + std::to_string(i + 1), layer));
    }
  }
  DenseFeatures forward(const at::Tensor& x) {
    DenseFeatures features(x, channels, /*one_buffer=*/!memory_efficient);
    for (const auto& layer : layers) features.append(layer->forward(features));
    return features;
  }
};

// Between two blocks: half the channels, half the height and width.
struct Transition final : torch::nn::Module {
  BatchNorm2d norm{nullptr};
  Conv2d conv{nullptr};

  explicit Transition(std::int64_t in) {
    norm = register_module("norm", BatchNorm2d(in));
    conv = register_module("conv", convolution(in, in / 2, 1));
  }
  at::Tensor forward(DenseFeatures features) { return torch::avg_pool2d(convolve(conv, features.norm_relu(norm)), 2, 2); }
};

struct Features final : torch::nn::Module {
  Conv2d conv0{nullptr};
  BatchNorm2d norm0{nullptr}, norm5{nullptr};
  std::vector<std::shared_ptr<DenseBlock>> blocks;
  std::vector<std::shared_ptr<Transition>> transitions;
  std::int64_t channels;  // of the output

  explicit Features(const ModelOptions& options) : channels(options.variant.integer("initial_features")) {
    const LayerOptions layer{options.variant.integer("growth_rate"), options.get<bool>("memory_efficient")};
    const auto& layers = options.variant.integers("layers");
    conv0 = register_module("conv0", convolution(3, channels, 7, 2));
    norm0 = register_module("norm0", BatchNorm2d(channels));
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::string number = std::to_string(i + 1);
      auto block = std::make_shared<DenseBlock>(channels, layers[i], layer);
      blocks.push_back(register_module("denseblock" + number, block));
      channels += layers[i] * layer.growth_rate;
      if (i + 1 == layers.size()) break;
      transitions.push_back(register_module("transition" + number, std::make_shared<Transition>(channels)));
      channels /= 2;
    }
    norm5 = register_module("norm5", BatchNorm2d(channels));
  }
  at::Tensor forward(const at::Tensor& images) {
    at::Tensor x = convolve_norm_relu_max_pool(conv0, norm0, images);
    for (std::size_t i = 0; i < transitions.size(); ++i) x = transitions[i]->forward(blocks[i]->forward(x));
    return blocks.back()->forward(x).norm_relu(norm5);
  }
};

struct DenseNet final : ClassifierModule {
  std::shared_ptr<Features> features;
  torch::nn::Linear classifier{nullptr};

  explicit DenseNet(const ModelOptions& options) {
    features = register_module("features", std::make_shared<Features>(options));
    classifier = register_module("classifier", torch::nn::Linear(features->channels, options.num_classes));
    torch::nn::init::zeros_(classifier->bias);
    if (options.drawn == Drawn::head) return;
    for (const auto& module : modules(/*include_self=*/false)) {
      if (auto* conv = module->as<Conv2d>()) torch::nn::init::kaiming_normal_(conv->weight);
    }
  }
  at::Tensor forward(const at::Tensor& images) override {
    return classifier->forward(torch::adaptive_avg_pool2d(features->forward(images), {1, 1}).flatten(1));
  }
};

}  // namespace

Classifier densenet(const ModelOptions& options) { return std::make_shared<DenseNet>(options); }

}  // namespace torchport::models
