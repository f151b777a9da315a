// Batch norm over all ranks beside one process with all images. Two ranks with the same images are simulated by doubling each sum;
// ranks with different ones are tests/component/training_options_test.py's.
#include "models/nn/sync_norm.h"

#include <torch/torch.h>

#include "models/nn/classifier.h"
#include "models/nn/norm_activation.h"
#include "tests/support/catch.h"
#include "tests/support/networks.h"

using namespace torchport;
using torch::nn::BatchNorm2d;

namespace {

const models::SumOverRanks kTwoAlike = [](const at::Tensor& values) { values.mul_(2); };

BatchNorm2d copy_of(const BatchNorm2d& norm) { return std::dynamic_pointer_cast<torch::nn::BatchNorm2dImpl>(norm->clone()); }

struct Passed {
  at::Tensor y, x, weight, bias, mean, variance, count;
};

Passed pass(BatchNorm2d norm, const at::Tensor& images, const at::Tensor& shortcut, const at::Tensor& gradient) {
  const at::Tensor x = images.clone().requires_grad_();
  const at::Tensor y = models::norm_relu(norm, x, shortcut);
  const auto found = torch::autograd::grad({y}, {x, norm->weight, norm->bias}, {gradient});
  return {y.detach(), found[0], found[1], found[2], norm->running_mean, norm->running_var, norm->num_batches_tracked};
}

}  // namespace

TEST_CASE("sync norm: two ranks have the statistics and gradients of one process with both batches", "[sync_norm]") {
  torch::manual_seed(1);
  for (const bool with_shortcut : {false, true}) {
    const auto format = at::MemoryFormat::ChannelsLast;
    const at::Tensor x = (torch::randn({3, 8, 5, 4}) * 2 + 30).contiguous(format),
                     gradient = torch::randn({3, 8, 5, 4}).contiguous(format);
    const at::Tensor shortcut = with_shortcut ? torch::randn({3, 8, 5, 4}).contiguous(format) : at::Tensor();
    const auto twice = [](const at::Tensor& tensor) { return tensor.defined() ? at::cat({tensor, tensor}) : tensor; };
    BatchNorm2d norm = test::random_norm(8);
    const Passed whole = pass(copy_of(norm), twice(x), twice(shortcut), twice(gradient));
    const models::SyncNormScope scope(&kTwoAlike);
    const Passed mine = pass(copy_of(norm), x, shortcut, gradient);
    CHECK(at::allclose(mine.y, whole.y.narrow(0, 0, 3), 1e-5, 1e-5));
    CHECK(at::allclose(mine.x, whole.x.narrow(0, 0, 3), 1e-4, 1e-5));
    CHECK(at::allclose(mine.weight * 2, whole.weight, 1e-4, 1e-4));  // its share, which is summed with the other's
    CHECK(at::allclose(mine.bias * 2, whole.bias, 1e-4, 1e-4));
    CHECK(at::allclose(mine.mean, whole.mean, 1e-5, 1e-6));
    CHECK(at::allclose(mine.variance, whole.variance, 1e-4, 1e-5));
    CHECK(mine.count.equal(whole.count));
  }
}

TEST_CASE("sync norm: whole networks, each norm of theirs; frozen and evaluated norms ask nobody", "[sync_norm]") {
  for (const char* const name : {"resnet18", "densenet121"}) {
    const auto network = models::make_classifier(test::model_spec(name), 3, 1);
    models::use_channels_last(*network);
    network->train();
    const at::Tensor images = torch::randn({2, 3, 64, 64}).contiguous(at::MemoryFormat::ChannelsLast);
    const at::NoGradGuard no_gradient;
    const at::Tensor whole = network->forward(at::cat({images, images})).narrow(0, 0, 2);
    int sums = 0;
    const models::SumOverRanks counting = [&](const at::Tensor& values) {
      ++sums;
      values.mul_(2);
    };
    const models::SyncNormScope scope(&counting);
    CHECK(at::allclose(network->forward(images), whole, 1e-2, 1e-2));
    CHECK(sums == (std::string(name) == "resnet18" ? 20 : 121));
    network->eval();
    network->forward(images);
    CHECK(sums == (std::string(name) == "resnet18" ? 20 : 121));
  }
}
