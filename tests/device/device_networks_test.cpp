// Whole networks with the fused nodes on the stand-in, beside LibTorch's operations there; float64 on the CPU judges both: two
// updates and a pass in evaluation mode.
#include <torch/torch.h>

#include <cmath>

#include "models/nn/autocast.h"
#include "models/nn/classifier.h"
#include "models/nn/device/device_kernels.h"
#include "models/nn/norm_activation.h"
#include "tests/support/catch.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_kernels.h"
#include "tests/support/networks.h"

using namespace torchport;
using at::Tensor;

namespace {

constexpr double kRate = 1e-3;    // so low that roundings of the first update do not decide on the second
constexpr std::size_t kLate = 6;  // the last sixth of the parameters

struct Result {
  Tensor logits, gradients;                   // of the first update; those of all weights together
  std::int64_t late = 0;                      // so many of the gradients are the last layers'
  Tensor later_logits, evaluated;             // of the second update, of the evaluation
  std::map<std::string, std::int64_t> calls;  // of the second update
};

enum class By { exact, torch, kernels };

Tensor flat(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> all;
  for (const auto& tensor : tensors) all.push_back(tensor.detach().cpu().to(at::kDouble).contiguous().view(-1));
  return at::cat(all);
}

std::vector<Tensor> gradients_of(const std::vector<Tensor>& parameters) {
  std::vector<Tensor> all;
  for (const auto& parameter : parameters) all.push_back(parameter.grad());
  return all;
}

Result train(const std::string& variant, By by, bool bfloat16) {
  at::set_num_threads(2);
  const at::Device where(by == By::exact ? "cpu" : "cuda:0");
  models::use_device_kernels(by == By::kernels ? &test::fake_cuda::kernels() : nullptr);
  const auto network = models::make_classifier(test::model_spec(variant), 10, 7);
  models::use_channels_last(*network);
  network->to(where);
  if (by == By::exact) network->to(at::kDouble);
  network->train();
  torch::manual_seed(3);
  const auto batch = [&] {
    const Tensor images = at::randn({4, 3, 64, 64}).contiguous(at::MemoryFormat::ChannelsLast).to(at::kBFloat16);  // alike for all
    return (bfloat16 ? images : images.to(by == By::exact ? at::kDouble : at::kFloat)).to(where);
  };
  const auto forward = [&](const Tensor& images) {
    const models::AutocastScope autocast(c10::kCUDA, bfloat16);
    const models::CountedTogether counted;
    const Tensor logits = network->forward(images);
    return bfloat16 ? logits.to(at::kFloat) : logits;
  };
  Result result;
  const auto parameters = network->parameters();
  for (std::size_t i = parameters.size() - parameters.size() / kLate; i < parameters.size(); ++i)
    result.late += parameters[i].numel();
  const Tensor labels = at::arange(4, at::kLong).to(where);
  for (int step = 0; step < 2; ++step) {
    const Tensor images = batch();
    test::fake_cuda::reset();
    network->zero_grad();
    const Tensor logits = forward(images);
    at::cross_entropy_loss(logits, labels).backward();
    const at::NoGradGuard values_only;
    for (const auto& parameter : parameters) parameter.sub_(parameter.grad(), kRate);
    result.calls = test::fake_cuda::counts().calls;
    CHECK(test::fake_cuda::counts().waits.empty());
    (step == 0 ? result.logits : result.later_logits) = flat({logits});
    if (step == 0) result.gradients = flat(gradients_of(parameters));
  }
  network->eval();
  const at::NoGradGuard values_only;
  result.evaluated = flat({forward(batch())});
  models::use_device_kernels(nullptr);
  return result;
}

double distance(const Tensor& found, const Tensor& wanted) { return ((found - wanted).norm() / wanted.norm()).item<double>(); }

std::int64_t calls_of(const Result& result, const std::string& part) {
  std::int64_t sum = 0;
  for (const auto& [name, count] : result.calls) sum += name.find(part) != std::string::npos ? count : 0;
  return sum;
}

// Relative distances from float64.
struct Errors {
  double logits, late, all, later_logits, evaluated;
};
constexpr std::pair<const char*, double Errors::*> kErrors[] = {{"logits", &Errors::logits},
                                                                {"gradients of the last layers", &Errors::late},
                                                                {"all gradients", &Errors::all},
                                                                {"logits of the second update", &Errors::later_logits},
                                                                {"evaluated logits", &Errors::evaluated}};

Errors errors_of(const Result& found, const Result& exact) {
  const auto late = [](const Result& of) { return of.gradients.narrow(0, of.gradients.numel() - of.late, of.late); };
  return {distance(found.logits, exact.logits), distance(late(found), late(exact)), distance(found.gradients, exact.gradients),
          distance(found.later_logits, exact.later_logits), distance(found.evaluated, exact.evaluated)};
}

// How many times the errors of LibTorch's operations in the same precision ours may be, and what counts where these are smaller.
// Logits of the first pass have the kernels' own rounding. Of what comes later chance has a part: a ReLU whose input is all but
// zero lets a gradient through or not as roundings have it, and one such pixel moves all gradients before it by up to a hundredth.
// In bfloat16 there are so many that chance evens out.
constexpr struct {
  Errors times, least;
} kFloat32 = {{2, 4, 4, 4, 4}, {1e-6, 1e-4, 0.02, 1e-3, 1e-3}}, kBFloat16 = {{1.5, 1.5, 1.5, 1.5, 2}, {5e-3, 0.1, 0.1, 0.01, 0.01}};

void check_network(const std::string& variant) {
  const Result exact = train(variant, By::exact, false);
  for (const bool bfloat16 : {false, true}) {
    const Result torch = train(variant, By::torch, bfloat16), ours = train(variant, By::kernels, bfloat16);
    CHECK(calls_of(torch, "ApplyNorm") == 0);
    CHECK(calls_of(torch, "batch_norm") > 0);
    CHECK(calls_of(ours, "batch_norm") == 0);
    CHECK(calls_of(ours, "relu") + calls_of(ours, "threshold") + calls_of(ours, "max_pool2d") + calls_of(ours, "aten::cat") == 0);
    CHECK(calls_of(ours, "ApplyMaxPool") == 1);
    CHECK(calls_of(ours, "_foreach_add_") == 1);
    const Errors theirs = errors_of(torch, exact), found = errors_of(ours, exact);
    for (const auto& [what, of] : kErrors) {
      INFO(variant << (bfloat16 ? ", bfloat16: " : ", float32: ") << what << " are " << found.*of << " off float64, LibTorch's "
                   << theirs.*of);
      const auto& bounds = bfloat16 ? kBFloat16 : kFloat32;
      CHECK(found.*of <= std::max(bounds.times.*of * theirs.*of, bounds.least.*of));
      std::printf("%-16s %s %-28s %.1e %.1e %s\n", variant.c_str(), bfloat16 ? "b" : "f", what, theirs.*of, found.*of,
                  found.*of > 2 * theirs.*of ? "<<<" : "");
    }
  }
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
