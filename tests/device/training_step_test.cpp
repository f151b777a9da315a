// A training step on a device: bit-equal to the CPU's operation-by-operation path, and nothing in it waits for the device.
#include "component/training/step.h"

#include <torch/torch.h>

#include <algorithm>
#include <limits>

#include "models/nn/autocast.h"
#include "models/nn/norm_activation.h"
#include "models/nn/recompute.h"
#include "tests/support/catch.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/networks.h"

using namespace torchport;
using component::Precision;
using component::StepInputs;
using component::StepSums;

namespace {

constexpr std::int64_t kBatch = 2, kSize = 64, kClasses = 10;
constexpr int kSteps = 2;
constexpr double kRate = 0.0625;  // the same number in float32, which a device has it in

struct Training {
  component::Device device;
  Precision precision;
  models::Classifier network;
  component::ReducerOfOne alone;
  std::optional<component::WeightAverage> average;
  std::optional<component::TrainingStep> step;

  Training(const std::string& variant, c10::Device where, Precision p)
      : device(where), precision(p), network(models::make_classifier(test::model_spec(variant), kClasses, 7)) {
    models::use_channels_last(*network);
    device.take(*network);
    network->train();
    average.emplace(*network, 0.75);
    step.emplace(component::StepOptions{1, 0.125, true, precision}, network, device, alone, &*average);
  }

  StepSums update(int number, bool mixed, double poison = 0) {
    at::manual_seed(static_cast<std::uint64_t>(number));
    const auto type = precision == Precision::bfloat16 ? at::kBFloat16 : at::kFloat;
    const at::Tensor images =
        device.host_empty({kBatch, kSize, kSize, 3}, type).copy_(at::randn({kBatch, kSize, kSize, 3}) + poison);
    const at::Tensor labels = device.host_empty({kBatch}, at::kLong).copy_(at::randint(kClasses, {kBatch}, at::kLong));
    const at::Tensor numbers =
        device.host_empty({StepInputs::kNumbers}, at::kFloat).copy_(at::tensor({double{kBatch}, 0.0, 0.75, 0.25, 0.0}));
    test::fake_cuda::reset();
    const at::Tensor rate = device.number(kRate);
    step->begin();
    step->add({device.bring(images.permute({0, 3, 1, 2})), device.bring(labels), device.bring(numbers), mixed, {}}, /*last=*/true);
    component::HostCopy statistics = device.fetch(step->finish(rate, /*warming_up=*/false));
    counts = test::fake_cuda::counts();
    const StepSums sums = component::TrainingStep::read(statistics.wait(), 1);
    after = test::fake_cuda::counts();
    return sums;
  }

  std::vector<at::Tensor> weights() const {
    std::vector<at::Tensor> all;
    for (const auto& tensors : {network->parameters(), network->buffers()})
      for (const auto& tensor : tensors) all.push_back(tensor.detach().to(at::kCPU, /*non_blocking=*/false, /*copy=*/true));
    return all;
  }

  test::fake_cuda::Counts counts, after;  // of the last update: until it ends, and until its statistics are on the host
};

int differing(const std::vector<at::Tensor>& some, const std::vector<at::Tensor>& others) {
  REQUIRE(some.size() == others.size());
  int different = 0;
  for (std::size_t i = 0; i < some.size(); ++i) different += at::equal(some[i], others[i]) ? 0 : 1;
  return different;
}

std::string table(const std::map<std::string, std::int64_t>& calls) {
  std::string text;
  for (const auto& [name, count] : calls) text += name + " " + std::to_string(count) + "; ";
  return text;
}

/// What a network has of layers; ReLUs and what joins them are no modules.
struct Layers {
  std::int64_t activations;
  std::int64_t joined;   ///< operations, forward and backward, that join branches: shortcuts, or features of dense blocks
  std::int64_t buckets;  ///< of gradients
};

/// The operations that a step whose images are not mixed has, by what they are for: one more is a reason to look.
std::int64_t operations_of(const models::ClassifierModule& network, const Layers& layers, Precision precision) {
  // Two pools and the last layer: 7. Loss, smoothing and their gradients, statistics, whether all is finite and was so far,
  // optimizer, average, the norms' counters: 43.
  constexpr std::int64_t kInEachNetwork = 50;
  const auto modules = network.modules();
  const auto count = [&](auto is_one) { return static_cast<std::int64_t>(std::count_if(modules.begin(), modules.end(), is_one)); };
  const auto convolutions = count([](const auto& module) { return module->template as<torch::nn::Conv2d>() != nullptr; });
  const auto norms = count([](const auto& module) { return module->template as<torch::nn::BatchNorm2d>() != nullptr; });
  const auto parameters = static_cast<std::int64_t>(network.parameters().size());  // whose gradients are moved into buckets
  std::int64_t all = 2 * (convolutions + norms + layers.activations) + parameters + layers.joined + kInEachNetwork;
  all += 2 * layers.buckets;  // each is looked at
  // Weights of convolutions, weight and bias of the last layer, and logits change their type, and their gradients change it back.
  if (precision == Precision::bfloat16) all += 2 * (convolutions + 2 + 1);
  return all;
}

void check_bit_equal(const std::string& variant, Precision precision, const Layers& layers) {
  at::set_num_threads(1);
  Training on_device(variant, c10::Device(c10::kCUDA, 0), precision), on_host(variant, c10::kCPU, precision);
  const models::UnfusedScope operation_by_operation;
  for (int s = 0; s < kSteps; ++s) {
    const bool mixed = s == 1;
    const StepSums wanted = on_host.update(s, mixed), found = on_device.update(s, mixed);
    CHECK(found.batches.at(0).loss == wanted.batches.at(0).loss);
    CHECK(found.batches.at(0).correct == wanted.batches.at(0).correct);
    CHECK_FALSE(found.stopped);
    const auto& counts = on_device.counts;
    CHECK(counts.waits.empty());
    CHECK(on_device.after.waits == std::vector<std::string>{"an event"});
    CHECK(counts.to_device == 4);  // images, labels, numbers, learning rate
    CHECK(counts.to_host == 1);    // the statistics
    INFO(table(counts.calls));
    if (!mixed) CHECK(counts.operations == operations_of(*on_device.network, layers, precision));
  }
  CHECK(differing(on_device.weights(), on_host.weights()) == 0);
  on_device.average->exchange();
  on_host.average->exchange();
  CHECK(differing(on_device.weights(), on_host.weights()) == 0);
}

// A shortcut adds images, and its gradients. In a dense block of L layers each concatenates, and 1 + 2 + ... + L gradients are
// added (6, 12, 24 and 16 layers: 535); between blocks there are three pools.
constexpr Layers kResNet18{17, 2 * 8, 3}, kResNet50{49, 2 * 16, 5}, kDenseNet121{121, 58 + 535 + 2 * 3, 3};

}  // namespace

TEST_CASE("device: ResNet-18 trains as on the CPU, without a wait in a step", "[training_step]") {
  check_bit_equal("resnet18", Precision::float32, kResNet18);
  check_bit_equal("resnet18", Precision::bfloat16, kResNet18);
}

TEST_CASE("device: ResNet-50 trains as on the CPU, without a wait in a step", "[training_step]") {
  check_bit_equal("resnet50", Precision::float32, kResNet50);
  check_bit_equal("resnet50", Precision::bfloat16, kResNet50);
}

TEST_CASE("device: DenseNet-121 trains as on the CPU, without a wait in a step", "[training_step]") {
  check_bit_equal("densenet121", Precision::float32, kDenseNet121);
  check_bit_equal("densenet121", Precision::bfloat16, kDenseNet121);
}

TEST_CASE("device: what a checkpoint computes again is computed in the precision of the first time", "[training_step]") {
  const auto leaf = [](at::IntArrayRef sizes) { return at::randn(sizes).to(c10::kCUDA).requires_grad_(true); };
  const at::Tensor x = leaf({2, 4, 5, 5}), weight = leaf({4, 4, 3, 3});
  std::vector<at::ScalarType> types;
  const auto function = [&](const std::vector<at::Tensor>& inputs) {
    const at::Tensor y = at::conv2d(inputs[0], weight);
    types.push_back(y.scalar_type());
    return y;
  };
  at::Tensor loss;
  {
    const models::AutocastScope autocast(c10::kCUDA, true);
    loss = models::checkpoint(function, {x}, {weight}).to(at::kFloat).square().sum();
  }
  loss.backward();
  CHECK(types == std::vector<at::ScalarType>{at::kBFloat16, at::kBFloat16});
  CHECK(weight.grad().is_cuda());
}

TEST_CASE("device: numbers that are not finite leave the weights as they were, and nothing waits to see that", "[training_step]") {
  Training training("resnet18", c10::Device(c10::kCUDA, 0), Precision::float32);
  CHECK_FALSE(training.update(0, false).stopped);
  const auto parameters = [&] {
    std::vector<at::Tensor> all;
    for (const auto& parameter : training.network->parameters()) all.push_back(parameter.detach().cpu());
    return all;
  };
  const auto before = parameters();
  CHECK(training.update(1, false, std::numeric_limits<double>::infinity()).stopped);
  CHECK(training.counts.waits.empty());
  CHECK(differing(parameters(), before) == 0);
}
