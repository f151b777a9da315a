// The fused nodes of a device, on the stand-in with the kernels' host form, beside LibTorch's operations in float64.
#include <torch/torch.h>

#include "models/nn/dense_features.h"
#include "models/nn/device/device_norm.h"
#include "models/nn/norm_activation.h"
#include "tests/models/tensors.h"
#include "tests/support/catch.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_kernels.h"
#include "tests/support/networks.h"

using namespace torchport;
using at::Tensor;
using models_test::channels_last;
using torch::nn::BatchNorm2d;

namespace {

const at::Device kDevice("cuda:0");

struct WithKernels {
  WithKernels() { models::use_device_kernels(&test::fake_cuda::kernels()); }
  ~WithKernels() { models::use_device_kernels(nullptr); }
};

BatchNorm2d copy_of(const BatchNorm2d& norm, at::Device device, at::ScalarType type) {
  BatchNorm2d copy = std::dynamic_pointer_cast<torch::nn::BatchNorm2dImpl>(norm->clone());
  copy->to(device, type);
  return copy;
}
Tensor there(const Tensor& x) { return x.defined() ? x.to(kDevice) : x; }
Tensor exact(const Tensor& x) { return x.defined() ? x.to(at::kDouble) : x; }
double error(const Tensor& found, const Tensor& wanted) { return models_test::error(found.cpu(), wanted, 1e-3); }
// As in tests/models/device_kernels_test.cpp.
double rounding_of(at::ScalarType type) { return type == at::kBFloat16 ? 4e-3 : 3e-6; }

std::int64_t calls_of(const std::string& part) {
  std::int64_t sum = 0;
  for (const auto& [name, count] : test::fake_cuda::counts().calls) sum += name.find(part) != std::string::npos ? count : 0;
  return sum;
}

using Layer = std::function<Tensor(BatchNorm2d&, const Tensor& x, const Tensor& shortcut)>;

struct Wanted {
  bool x = true, weights = true, shortcut = true;
};

// Everything that leaves the layer: y, gradients where they are wanted, the norm's buffers.
std::vector<Tensor> all_of(const Layer& layer, BatchNorm2d norm, const Tensor& x, const Tensor& shortcut, const Tensor& incoming,
                           const Wanted& wanted = {}) {
  const Tensor input = x.detach().clone().requires_grad_(wanted.x),
               skip = shortcut.defined() ? shortcut.detach().clone().requires_grad_(wanted.shortcut) : shortcut;
  norm->weight.set_requires_grad(wanted.weights);
  norm->bias.set_requires_grad(wanted.weights);
  const Tensor y = layer(norm, input, skip);
  if (y.requires_grad()) y.backward(incoming);
  std::vector<Tensor> all = {y.detach(), input.grad(), norm->weight.grad(), norm->bias.grad()};
  if (skip.defined()) all.push_back(skip.grad());
  all.insert(all.end(), {norm->running_mean, norm->running_var, norm->num_batches_tracked});
  return all;
}

void check_close(const std::vector<Tensor>& found, const std::vector<Tensor>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO(i);
    REQUIRE(found[i].defined() == expected[i].defined());
    if (!found[i].defined()) continue;
    CHECK(found[i].sizes() == expected[i].sizes());
    CHECK(error(found[i], expected[i]) < rounding_of(found[i].scalar_type()));
  }
}

// Where ReLU's input is all but zero a rounding decides whether the gradient passes: none comes from there.
Tensor clear_of_zero(const Tensor& incoming, const Tensor& y) { return channels_last(incoming * (y.abs() > 1e-3)); }

}  // namespace

TEST_CASE("device nodes: norm, ReLU and shortcut have the values and gradients of torch's operations", "[device_nodes]") {
  const WithKernels kernels;
  torch::manual_seed(1);
  const auto type = GENERATE(at::kFloat, at::kBFloat16);
  const bool training = GENERATE(true, false);
  const std::string kind = GENERATE("relu", "shortcut", "only");
  const std::vector<std::int64_t> sizes = {3, 24, 7, 5};
  const auto random = [&] { return channels_last((torch::randn(sizes) + 1).to(type)); };
  const Tensor x = random(), shortcut = kind == "shortcut" ? random() : Tensor();
  BatchNorm2d norm = test::random_norm(24);
  norm->train(training);
  const Layer layer = [&](BatchNorm2d& n, const Tensor& in, const Tensor& skip) {
    return kind == "only" ? models::norm_only(n, in) : models::norm_relu(n, in, skip);
  };
  Tensor before = copy_of(norm, at::kCPU, at::kDouble)->forward(exact(x));
  if (shortcut.defined()) before = before + shortcut;
  const Tensor incoming = clear_of_zero(random(), before);
  INFO(kind << ", " << type << (training ? ", training" : ""));
  const auto expected = all_of(layer, copy_of(norm, at::kCPU, at::kDouble), exact(x), exact(shortcut), exact(incoming));
  const Tensor x_there = there(x), shortcut_there = there(shortcut), incoming_there = there(incoming);
  BatchNorm2d own = copy_of(norm, kDevice, at::kFloat);
  REQUIRE(models::can_fuse_on_device(own, x_there, shortcut_there));
  test::fake_cuda::reset();
  const auto found = all_of(layer, own, x_there, shortcut_there, incoming_there);
  CHECK(calls_of("batch_norm") == 0);
  CHECK(calls_of("ApplyNorm") == 1);
  CHECK(test::fake_cuda::counts().waits.empty());
  check_close(found, expected);
  CHECK(found[0].scalar_type() == type);
  CHECK(found[0].is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(at::equal(x_there.cpu(), x));
}

TEST_CASE("device nodes: frozen inputs, weights and shortcuts get no gradient, the others the same one", "[device_nodes]") {
  const WithKernels kernels;
  torch::manual_seed(1);
  const bool training = GENERATE(true, false);
  const Wanted wanted{GENERATE(true, false), GENERATE(true, false), GENERATE(true, false)};
  const auto random = [] { return channels_last(torch::randn({3, 8, 5, 5})); };
  const Tensor x = random(), shortcut = random();
  BatchNorm2d norm = test::random_norm(8);
  norm->train(training);
  const Layer layer = [](BatchNorm2d& n, const Tensor& in, const Tensor& skip) { return models::norm_relu(n, in, skip); };
  const Tensor incoming = clear_of_zero(random(), copy_of(norm, at::kCPU, at::kDouble)->forward(exact(x)) + shortcut);
  check_close(all_of(layer, copy_of(norm, kDevice, at::kFloat), there(x), there(shortcut), there(incoming), wanted),
              all_of(layer, copy_of(norm, at::kCPU, at::kDouble), exact(x), exact(shortcut), exact(incoming), wanted));
}

TEST_CASE("device nodes: the stem has the values and gradients of torch's operations", "[device_nodes]") {
  const WithKernels kernels;
  torch::manual_seed(1);
  const auto type = GENERATE(at::kFloat, at::kBFloat16);
  const bool training = GENERATE(true, false);
  const Tensor x = channels_last(torch::randn({2, 16, 11, 8}).to(type));
  BatchNorm2d norm = test::random_norm(16);
  norm->train(training);
  const Layer layer = [](BatchNorm2d& n, const Tensor& in, const Tensor&) { return models::norm_relu_max_pool(n, in); };
  BatchNorm2d reference = copy_of(norm, at::kCPU, at::kDouble);
  const Tensor incoming = clear_of_zero(torch::randn({2, 16, 6, 4}).to(type), models::norm_relu_max_pool(reference, exact(x)));
  test::fake_cuda::reset();
  const auto found = all_of(layer, copy_of(norm, kDevice, at::kFloat), there(x), {}, there(incoming));
  CHECK(calls_of("ApplyMaxPool") == 1);
  CHECK(calls_of("max_pool2d") == 0);
  check_close(found, all_of(layer, copy_of(norm, at::kCPU, at::kDouble), exact(x), {}, exact(incoming)));
}

TEST_CASE("device nodes: a dense block concatenates nothing, and has the values and gradients of one that does", "[device_nodes]") {
  const WithKernels kernels;
  const auto type = GENERATE(at::kFloat, at::kBFloat16);
  const bool frozen_start = GENERATE(true, false), training = GENERATE(true, false);
  // Of 6 and then 2 channels no pack can be made: LibTorch's operations compute, in the same buffer.
  const auto [first, growth] = GENERATE(std::pair{16, 8}, std::pair{16, 2});
  torch::manual_seed(1);
  const Tensor x = channels_last(torch::randn({3, first, 5, 4}).to(type)), second = torch::randn({growth, first, 1, 1}).to(type),
               third = torch::randn({growth, first + growth, 1, 1}).to(type);
  std::vector<BatchNorm2d> norms = {test::random_norm(first), test::random_norm(first + growth),
                                    test::random_norm(first + 2 * growth)};
  for (auto& norm : norms) norm->train(training);
  const auto run = [&, start = first, added = growth](at::Device device, bool as_double) {
    const auto taken = [&](const Tensor& tensor) { return (as_double ? tensor.to(at::kDouble) : tensor).to(device); };
    std::vector<BatchNorm2d> own;
    for (const auto& norm : norms) own.push_back(copy_of(norm, device, as_double ? at::kDouble : at::kFloat));
    const Tensor input = taken(x).detach().requires_grad_(!frozen_start), w2 = taken(second).detach().requires_grad_(true),
                 w3 = taken(third).detach().requires_grad_(true);
    models::DenseFeatures features(input, start + 2 * added, /*one_buffer=*/true);
    CHECK(features.list().empty() == !as_double);
    features.append(at::conv2d(features.norm_relu(own[0]), w2));
    features.append(at::conv2d(features.norm_relu(own[1]), w3));
    const Tensor y = features.norm_relu(own[2]);
    y.to(as_double ? at::kDouble : at::kFloat).square().sum().backward();
    std::vector<Tensor> all = {y.detach(), w2.grad(), w3.grad()};
    if (!frozen_start) all.push_back(input.grad());
    for (auto& norm : own) all.insert(all.end(), {norm->weight.grad(), norm->bias.grad(), norm->running_mean, norm->running_var});
    return all;
  };
  const auto expected = run(at::kCPU, true);
  test::fake_cuda::reset();
  const auto found = run(kDevice, false);
  CHECK(calls_of("aten::cat") == 0);
  CHECK((calls_of("batch_norm") == 0) == (growth == 8));
  for (std::size_t i = 0; i < found.size(); ++i) {
    INFO(i << ", " << type << (training ? ", training" : "") << (frozen_start ? ", frozen start" : "") << ", " << growth);
    CHECK(error(found[i], expected[i]) <
          (type == at::kFloat ? 2e-5 : 4e-2));  // bfloat16: through three layers and two convolutions
  }
}

TEST_CASE("device nodes: what kernels cannot read goes by LibTorch's operations", "[device_nodes]") {
  BatchNorm2d norm = copy_of(test::random_norm(8), kDevice, at::kFloat);
  const Tensor x = there(channels_last(torch::randn({2, 8, 3, 3})));
  CHECK_FALSE(models::can_fuse_on_device(norm, x));
  const WithKernels kernels;
  CHECK(models::can_fuse_on_device(norm, x));
  CHECK(models::can_fuse_on_device(norm, x, x));
  CHECK_FALSE(models::can_fuse_on_device(norm, x.contiguous()));
  CHECK_FALSE(models::can_fuse_on_device(norm, x.to(at::kDouble)));
  CHECK_FALSE(models::can_fuse_on_device(norm, x.cpu()));
  CHECK_FALSE(models::can_fuse_on_device(norm, x, x.to(at::kBFloat16)));
  CHECK_FALSE(models::can_fuse_on_device(norm, x, x.contiguous()));
  CHECK_FALSE(models::can_fuse_on_device(norm, x.slice(0, 0, 1).slice(2, 0, 1).slice(3, 0, 1).contiguous()));  // no variance
  CHECK_FALSE(models::can_fuse_on_device(copy_of(test::random_norm(6), kDevice, at::kFloat),
                                         there(channels_last(torch::randn({2, 6, 3, 3})))));
  CHECK_FALSE(models::can_fuse_on_device(copy_of(test::random_norm(8), at::kCPU, at::kFloat), x));
  const models::UnfusedScope operation_by_operation;
  CHECK_FALSE(models::can_fuse_on_device(norm, x));
}

TEST_CASE("device nodes: a caller's gradient is not overwritten, and a second derivative is refused", "[device_nodes]") {
  const WithKernels kernels;
  torch::manual_seed(1);
  BatchNorm2d norm = copy_of(test::random_norm(8), kDevice, at::kFloat);
  const auto random = [] { return there(channels_last(torch::randn({2, 8, 3, 3}))); };
  const Tensor x = random().requires_grad_(true), skip = random().requires_grad_(true), gradient = random(),
               before = gradient.cpu();
  const Tensor y = models::norm_relu(norm, x, skip);
  torch::autograd::grad({y}, {x, skip}, {gradient}, /*retain_graph=*/true);
  CHECK(at::equal(gradient.cpu(), before));
  CHECK_THROWS_WITH(torch::autograd::grad({y}, {x}, {gradient}, true, /*create_graph=*/true),
                    Catch::Contains("differentiated again"));
}

TEST_CASE("device nodes: a kernel that cannot be started is an error that says why", "[device_nodes]") {
  models::CudaKernels failing = test::fake_cuda::kernels();
  failing.apply = [](const models::gpu::Apply&, void*) { return "too many resources requested for launch"; };
  models::use_device_kernels(&failing);
  BatchNorm2d norm = copy_of(test::random_norm(8), kDevice, at::kFloat);
  CHECK_THROWS_WITH(models::norm_relu(norm, there(channels_last(torch::randn({2, 8, 3, 3})))),
                    "the GPU failed: a kernel was not started: too many resources requested for launch");
  models::use_device_kernels(nullptr);
}

TEST_CASE("device nodes: batches are counted together, as LibTorch's norms are", "[device_nodes]") {
  const WithKernels kernels;
  BatchNorm2d first = copy_of(test::random_norm(8), kDevice, at::kFloat), second = copy_of(first, kDevice, at::kFloat);
  const Tensor x = there(channels_last(torch::randn({2, 8, 3, 3})));
  test::fake_cuda::reset();
  {
    const models::CountedTogether counted;
    models::norm_only(second, models::norm_relu(first, x));
  }
  CHECK(test::fake_cuda::counts().calls["aten::_foreach_add_"] == 1);
  CHECK(calls_of("aten::add_") == 0);
  models::norm_relu(first, x);
  CHECK(first->num_batches_tracked.cpu().item<int>() == 2);
  CHECK(second->num_batches_tracked.cpu().item<int>() == 1);
}
