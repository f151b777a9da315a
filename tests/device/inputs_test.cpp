// What comes before the network on a device: the numbers of bytes, smaller images, mixed ones.
#include <torch/torch.h>

#include "component/training/network_input.h"
#include "component/training/recipe/mixup.h"
#include "component/training/recipe/progressive_size.h"
#include "datasets/loading/normalised.h"
#include "models/nn/device/device_kernels.h"
#include "tests/support/catch.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_kernels.h"

using namespace torchport;

namespace {

const at::Device kDevice("cuda:0");
const datasets::Normalisation kNormalisation = {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};

at::Tensor bytes() {
  at::manual_seed(1);
  return at::randint(256, {3, 47, 45, 3}, at::kByte).permute({0, 3, 1, 2});
}

}  // namespace

TEST_CASE("device: bytes become the CPU's numbers, bit for bit, in its layouts, without a copy or a wait", "[inputs]") {
  const at::Tensor images = bytes(), there = images.to(kDevice);
  const datasets::Normaliser normaliser(kNormalisation, kDevice);
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    for (const bool channels_last : {true, false}) {
      test::fake_cuda::reset();
      const at::Tensor found = normaliser(there, type, channels_last);
      const auto counts = test::fake_cuda::counts();
      CHECK(counts.waits.empty());
      CHECK(counts.to_device == 0);
      const at::Tensor wanted = datasets::normalised(images, kNormalisation, type, channels_last);
      CHECK(found.strides() == wanted.strides());
      CHECK(at::equal(found.cpu(), wanted));
    }
  }
}

TEST_CASE("device: where there are kernels one of them makes the CPU's numbers of bytes, bit for bit", "[inputs]") {
  const at::Tensor images = bytes(), there = images.to(kDevice);
  const component::Device device(kDevice);
  for (const auto precision : {component::Precision::float32, component::Precision::bfloat16}) {
    for (const bool channels_last : {true, false}) {
      const component::NetworkInput input(kNormalisation, channels_last, precision, device);
      models::use_device_kernels(&test::fake_cuda::kernels());
      test::fake_cuda::reset();
      const at::Tensor found = input(there);
      const auto counts = test::fake_cuda::counts();
      models::use_device_kernels(nullptr);
      CHECK(counts.operations == 1);
      CHECK(counts.calls.count("NumbersOfBytes") == 1);
      CHECK(counts.waits.empty());
      const auto type = precision == component::Precision::float32 ? at::kFloat : at::kBFloat16;
      const at::Tensor wanted = datasets::normalised(images, kNormalisation, type, channels_last);
      CHECK(found.scalar_type() == type);
      CHECK(found.strides() == wanted.strides());
      CHECK(at::equal(found.cpu(), wanted));
    }
  }
}

TEST_CASE("normaliser: on the CPU it is normalised(), and images elsewhere are refused", "[inputs]") {
  const at::Tensor images = bytes();
  const datasets::Normaliser here(kNormalisation, at::kCPU), there(kNormalisation, kDevice);
  CHECK(at::equal(here(images, at::kFloat, true), datasets::normalised(images, kNormalisation, at::kFloat, true)));
  CHECK_THROWS_WITH(here(images.to(kDevice), at::kFloat, true), "normalised: the images are on cuda:0");
  CHECK_THROWS_WITH(there(images, at::kFloat, true), "normalised: the images are on cpu");
  CHECK_THROWS_WITH(there(images.to(kDevice), at::kHalf, true), "normalised: only float32 and bfloat16 are made");
}

TEST_CASE("device: images shrink and mix as on the CPU", "[inputs]") {
  const at::Tensor images = datasets::normalised(bytes(), kNormalisation, at::kFloat, true);
  const at::Tensor share = at::full({}, 0.75, at::kFloat);
  const auto prepared = [](const at::Tensor& x, const at::Tensor& kept) {
    return component::mixed_with_previous(component::resized(x, {32, 30}), kept);
  };
  const at::Tensor x = images.to(kDevice), kept = share.to(kDevice);
  test::fake_cuda::reset();
  const at::Tensor found = prepared(x, kept);
  CHECK(test::fake_cuda::counts().waits.empty());
  const at::Tensor wanted = prepared(images, share);
  CHECK(found.strides() == wanted.strides());
  CHECK(at::equal(found.cpu(), wanted));
}
