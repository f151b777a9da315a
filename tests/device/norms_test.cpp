// Batch norms on a device.
#include <torch/torch.h>

#include "models/nn/cpu/fused_norm.h"
#include "models/nn/norm_activation.h"
#include "tests/support/catch.h"
#include "tests/support/fake_cuda.h"

using namespace torchport;
using torch::nn::BatchNorm2d;
using torch::nn::BatchNorm2dOptions;

namespace {

const at::Device kDevice("cuda:0");

std::int64_t batches(const BatchNorm2d& norm) { return norm->num_batches_tracked.item<std::int64_t>(); }

}  // namespace

TEST_CASE("norms: their batches are counted together, in one operation", "[norms]") {
  BatchNorm2d first(4), second(4), frozen(4), averaging(BatchNorm2dOptions(4).momentum(std::nullopt));
  for (BatchNorm2d* norm : {&first, &second, &frozen, &averaging}) (*norm)->to(kDevice);
  frozen->eval();
  const at::Tensor x = at::randn({2, 4, 3, 3}).to(kDevice);
  test::fake_cuda::reset();
  {
    const models::CountedTogether counted;
    models::norm_only(second, models::norm_relu(first, x));
    models::norm_relu(frozen, x);
    CHECK(test::fake_cuda::counts().calls["aten::add_"] == 0);
  }
  CHECK(test::fake_cuda::counts().calls["aten::_foreach_add_"] == 1);
  CHECK(batches(first) == 1);
  CHECK(batches(second) == 1);
  CHECK(batches(frozen) == 0);
  models::norm_relu(first, x);
  CHECK(batches(first) == 2);
  const models::CountedTogether counted;
  models::norm_relu(averaging, x);  // whose average weighs a batch by the counter
  CHECK(batches(averaging) == 1);
}

TEST_CASE("norms: what is counted together normalises as torch's own norm does", "[norms]") {
  const at::Tensor x = at::randn({2, 4, 3, 3});
  BatchNorm2d mine(4), torchs(4);
  const models::UnfusedScope operation_by_operation;
  const models::CountedTogether counted;
  CHECK(at::equal(models::norm_only(mine, x), torchs->forward(x)));
  CHECK(at::equal(mine->running_mean, torchs->running_mean));
  CHECK(at::equal(mine->running_var, torchs->running_var));
  CHECK_THROWS_WITH(models::norm_only(mine, at::ones({1, 4, 1, 1})), Catch::Contains("more than 1 value per channel"));
}

TEST_CASE("norms: the CPU's fused functions take nothing that lies on a device", "[norms]") {
  BatchNorm2d norm(4);
  const at::Tensor x = at::randn({2, 4, 3, 3}).contiguous(at::MemoryFormat::ChannelsLast);
  CHECK(models::can_fuse(norm, x));
  CHECK_FALSE(models::can_fuse(norm, x.to(kDevice)));
  CHECK_FALSE(models::can_fuse(norm, x, x.to(kDevice)));
  norm->to(kDevice);
  CHECK_FALSE(models::can_fuse(norm, x));
}
