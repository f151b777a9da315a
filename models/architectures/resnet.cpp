// ResNet, ResNeXt and Wide ResNet as torchvision 0.26 has them (models/resnet.py, "v1.5": a bottleneck strides in its 3x3
// convolution). Modules are made in torchvision's order, so that the same seed draws the same weights.
#include <torch/torch.h>

#include "models/nn/classifier.h"
#include "models/nn/convolution.h"

namespace torchport::models {
namespace {

using torch::nn::BatchNorm2d;
using torch::nn::Conv2d;

// What a block is built from: it turns `in` channels into `planes` (basic) or 4 x `planes` (bottleneck).
struct BlockOptions {
  std::int64_t in, planes, stride, groups, width_per_group;
};

// A residual branch and its shortcut; the shortcut is projected where the shapes differ.
struct Block : torch::nn::Module {
  torch::nn::Sequential downsample{nullptr};
  Conv2d projection{nullptr};  // what downsample is made of
  BatchNorm2d projection_norm{nullptr};

  // torchvision makes the projection before the branch and registers it after.
  void make_downsample(const BlockOptions& o, std::int64_t out) {
    if (o.stride == 1 && o.in == out) return;
    projection = convolution(o.in, out, 1, o.stride);
    projection_norm = BatchNorm2d(out);
    downsample = torch::nn::Sequential(projection, projection_norm);
  }
  void register_downsample() {
    if (!downsample.is_empty()) register_module("downsample", downsample);
  }
  at::Tensor shortcut(const at::Tensor& x) { return downsample.is_empty() ? x : convolve_norm(projection, projection_norm, x); }
  virtual at::Tensor forward(const at::Tensor& x) = 0;
  virtual BatchNorm2d& last_norm() = 0;
};

struct BasicBlock final : Block {
  static constexpr std::int64_t kExpansion = 1;
  Conv2d conv1{nullptr}, conv2{nullptr};
  BatchNorm2d bn1{nullptr}, bn2{nullptr};

  explicit BasicBlock(const BlockOptions& o) {
    make_downsample(o, o.planes * kExpansion);
    conv1 = register_module("conv1", convolution(o.in, o.planes, 3, o.stride));
    bn1 = register_module("bn1", BatchNorm2d(o.planes));
    conv2 = register_module("conv2", convolution(o.planes, o.planes, 3));
    bn2 = register_module("bn2", BatchNorm2d(o.planes));
    register_downsample();
  }
  at::Tensor forward(const at::Tensor& x) override {
    const at::Tensor y = convolve_norm_relu(conv1, bn1, x);
    return convolve_norm_relu(conv2, bn2, y, shortcut(x));
  }
  BatchNorm2d& last_norm() override { return bn2; }
};

struct Bottleneck final : Block {
  static constexpr std::int64_t kExpansion = 4;
  Conv2d conv1{nullptr}, conv2{nullptr}, conv3{nullptr};
  BatchNorm2d bn1{nullptr}, bn2{nullptr}, bn3{nullptr};

  explicit Bottleneck(const BlockOptions& o) {
    const std::int64_t width = o.planes * o.width_per_group / 64 * o.groups, out = o.planes * kExpansion;
    make_downsample(o, out);
    conv1 = register_module("conv1", convolution(o.in, width, 1));
    bn1 = register_module("bn1", BatchNorm2d(width));
    conv2 = register_module("conv2", convolution(width, width, 3, o.stride, o.groups));
    bn2 = register_module("bn2", BatchNorm2d(width));
    conv3 = register_module("conv3", convolution(width, out, 1));
    bn3 = register_module("bn3", BatchNorm2d(out));
    register_downsample();
  }
  at::Tensor forward(const at::Tensor& x) override {
    at::Tensor y = convolve_norm_relu(conv1, bn1, x);
    y = convolve_norm_relu(conv2, bn2, y);
    return convolve_norm_relu(conv3, bn3, y, shortcut(x));
  }
  BatchNorm2d& last_norm() override { return bn3; }
};

template <class BlockType>
struct ResNet final : ClassifierModule {
  Conv2d conv1{nullptr};
  BatchNorm2d bn1{nullptr};
  std::vector<std::vector<std::shared_ptr<Block>>> stages;
  torch::nn::Linear fc{nullptr};

  explicit ResNet(const ModelOptions& options) {
    const auto& layers = options.variant.integers("layers");
    BlockOptions block{64, 64, 1, options.variant.integer_or("groups", 1), options.variant.integer_or("width_per_group", 64)};
    conv1 = register_module("conv1", convolution(3, block.in, 7, 2));
    bn1 = register_module("bn1", BatchNorm2d(block.in));
    for (std::size_t i = 0; i < layers.size(); ++i) {
      block.planes = std::int64_t{64} << i;
      block.stride = i == 0 ? 1 : 2;
      add_stage("layer" + std::to_string(i + 1), block, layers[i]);
    }
    fc = register_module("fc", torch::nn::Linear(block.in, options.num_classes));
    if (options.drawn == Drawn::all) initialise(options.get<bool>("zero_init_residual"));
  }

  // `length` blocks, the first of which strides; leaves `block.in` as the stage's output channels.
  void add_stage(const std::string& name, BlockOptions& block, std::int64_t length) {
    auto container = register_module(name, std::make_shared<torch::nn::Module>());
    auto& stage = stages.emplace_back();
    for (std::int64_t i = 0; i < length; ++i) {
      stage.push_back(container->register_module(std::to_string(i), std::make_shared<BlockType>(block)));
      block.in = block.planes * BlockType::kExpansion;
      block.stride = 1;
    }
  }

  void initialise(bool zero_init_residual) {
    for (const auto& module : modules(/*include_self=*/false)) {
      if (auto* conv = module->template as<Conv2d>())
        torch::nn::init::kaiming_normal_(conv->weight, 0, torch::kFanOut, torch::kReLU);
    }
    if (!zero_init_residual) return;
    for (const auto& stage : stages) {
      for (const auto& block : stage) torch::nn::init::zeros_(block->last_norm()->weight);
    }
  }

  at::Tensor forward(const at::Tensor& images) override {
    at::Tensor x = convolve_norm_relu_max_pool(conv1, bn1, images);
    for (const auto& stage : stages) {
      for (const auto& block : stage) x = block->forward(x);
    }
    return fc->forward(torch::adaptive_avg_pool2d(x, {1, 1}).flatten(1));
  }
};

}  // namespace

Classifier resnet(const ModelOptions& options) {
  if (options.variant.text("block") == "basic") return std::make_shared<ResNet<BasicBlock>>(options);
  return std::make_shared<ResNet<Bottleneck>>(options);
}

}  // namespace torchport::models
