// Whole networks with the fused nodes on the stand-in, beside LibTorch's operations there: two updates and a pass in evaluation
// mode.
#include <torch/torch.h>

#include <cmath>
#include <optional>

#include "models/nn/autocast.h"
#include "models/nn/classifier.h"
#include "models/nn/device/device_kernels.h"
#include "models/nn/norm_activation.h"
#include "runtime/text/format.h"
#include "tests/support/catch.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_kernels.h"
#include "tests/support/networks.h"

using namespace torchport;
using at::Tensor;

namespace {

const at::Device kDevice("cuda:0");
constexpr double kRate = 1e-3;  // so low that roundings of the first update do not decide on the second

struct Result {
  std::vector<double> losses;
  Tensor update, logits;                      // of all weights together; of the evaluation
  std::map<std::string, std::int64_t> calls;  // of the second update
};

enum class By { torch, kernels };

Tensor flat(const models::Classifier& network) {
  std::vector<Tensor> all;
  for (const auto& parameter : network->parameters()) all.push_back(parameter.detach().cpu().to(at::kFloat).contiguous().view(-1));
  return at::cat(all);
}

Result train(const std::string& variant, By by, bool bfloat16) {
  at::set_num_threads(2);
  models::use_device_kernels(by == By::kernels ? &test::fake_cuda::kernels() : nullptr);
  models::ModelSpec spec = test::model_spec(variant);
  // Else a ResNet of bottlenecks, as it is drawn, makes of one rounding another gradient: LibTorch's in bfloat16 has nothing in
  // common with its own in float32. The second update goes through the branches.
  if (!variant.starts_with("dense")) spec.parameters["zero_init_residual"] = true;
  const auto network = models::make_classifier(spec, 10, 7);
  models::use_channels_last(*network);
  network->to(kDevice);
  network->train();
  torch::manual_seed(3);
  const auto batch = [&] {
    const Tensor images = at::randn({4, 3, 64, 64}).contiguous(at::MemoryFormat::ChannelsLast);
    return (bfloat16 ? images.to(at::kBFloat16) : images).to(kDevice);
  };
  const auto forward = [&](const Tensor& images) {
    const models::AutocastScope autocast(c10::kCUDA, bfloat16);
    const models::CountedTogether counted;
    return network->forward(images).to(at::kFloat);
  };
  Result result;
  const Tensor before = flat(network), labels = at::arange(4, at::kLong).to(kDevice);
  for (int step = 0; step < 2; ++step) {
    const Tensor images = batch();
    test::fake_cuda::reset();
    network->zero_grad();
    const Tensor loss = at::cross_entropy_loss(forward(images), labels);
    loss.backward();
    const at::NoGradGuard values_only;
    for (const auto& parameter : network->parameters()) parameter.sub_(parameter.grad(), kRate);
    result.calls = test::fake_cuda::counts().calls;
    CHECK(test::fake_cuda::counts().waits.empty());
    result.losses.push_back(loss.item<double>());
  }
  result.update = flat(network) - before;
  network->eval();
  const at::NoGradGuard values_only;
  result.logits = forward(batch()).cpu();
  models::use_device_kernels(nullptr);
  return result;
}

double distance(const Tensor& found, const Tensor& wanted) { return ((found - wanted).norm() / wanted.norm()).item<double>(); }

std::int64_t calls_of(const Result& result, const std::string& part) {
  std::int64_t sum = 0;
  for (const auto& [name, count] : result.calls) sum += name.find(part) != std::string::npos ? count : 0;
  return sum;
}

// Of float32. Measured: ResNet-50 and Wide ResNet-50 3e-7, 2e-5 and 1e-6, DenseNet-201 5e-5, 3e-2 and 6e-4.
constexpr struct { double loss, update, logits; } kNear = {1e-3, 0.15, 0.05};

std::string text(const std::vector<double>& values) {
  std::string text;
  for (const double value : values) text += runtime::formatted("%.1e ", value);
  return text;
}

void check_network(const std::string& variant) {
  const Result torch32 = train(variant, By::torch, false), ours32 = train(variant, By::kernels, false),
               torch16 = train(variant, By::torch, true), ours16 = train(variant, By::kernels, true);
  CHECK(calls_of(torch32, "ApplyNorm") == 0);
  CHECK(calls_of(torch32, "batch_norm") > 0);
  for (const Result* ours : {&ours32, &ours16}) {
    CHECK(calls_of(*ours, "batch_norm") == 0);
    CHECK(calls_of(*ours, "relu") + calls_of(*ours, "threshold") + calls_of(*ours, "max_pool2d") + calls_of(*ours, "aten::cat") ==
          0);
    CHECK(calls_of(*ours, "ApplyMaxPool") == 1);
    CHECK(calls_of(*ours, "_foreach_add_") == 1);
  }
  const auto distances = [&](const Result& found) {
    return std::vector<double>{std::abs(found.losses[1] - torch32.losses[1]), distance(found.update, torch32.update),
                               distance(found.logits, torch32.logits)};
  };
  const auto ours = distances(ours32), theirs_rounded = distances(torch16), ours_rounded = distances(ours16);
  INFO(variant << ": float32 " << text(ours) << "; bfloat16, LibTorch's " << text(theirs_rounded) << ", ours "
               << text(ours_rounded));
  // The loss of the second update, both updates, the logits. Roundings flip ReLUs whose input is all but zero, and networks magnify
  // that. In bfloat16 LibTorch is as far from float32 as we are, or further: it rounds after each operation.
  CHECK(ours[0] < kNear.loss);
  CHECK(ours[1] < kNear.update);
  CHECK(ours[2] < kNear.logits);
  CHECK(ours_rounded[0] < theirs_rounded[0] + 0.05);
  CHECK(ours_rounded[1] < 1.2 * theirs_rounded[1]);
  CHECK(ours_rounded[2] < 1.5 * theirs_rounded[2]);
}

}  // namespace

TEST_CASE("device networks: ResNet-18", "[device_networks]") { check_network("resnet18"); }
TEST_CASE("device networks: ResNet-34", "[device_networks]") { check_network("resnet34"); }
TEST_CASE("device networks: ResNet-50", "[device_networks]") { check_network("resnet50"); }
TEST_CASE("device networks: ResNet-101", "[device_networks]") { check_network("resnet101"); }
TEST_CASE("device networks: ResNet-152", "[device_networks]") { check_network("resnet152"); }
TEST_CASE("device networks: ResNeXt-50", "[device_networks]") { check_network("resnext50_32x4d"); }
TEST_CASE("device networks: ResNeXt-101", "[device_networks]") { check_network("resnext101_32x8d"); }
TEST_CASE("device networks: Wide ResNet-50", "[device_networks]") { check_network("wide_resnet50_2"); }
TEST_CASE("device networks: Wide ResNet-101", "[device_networks]") { check_network("wide_resnet101_2"); }
TEST_CASE("device networks: DenseNet-121", "[device_networks]") { check_network("densenet121"); }
TEST_CASE("device networks: DenseNet-161", "[device_networks]") { check_network("densenet161"); }
TEST_CASE("device networks: DenseNet-169", "[device_networks]") { check_network("densenet169"); }
TEST_CASE("device networks: DenseNet-201", "[device_networks]") { check_network("densenet201"); }
