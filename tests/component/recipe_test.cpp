#include "component/training/gradient_buckets.h"
#include "component/training/recipe/mixup.h"
#include "component/training/recipe/optimizer.h"
#include "component/training/recipe/progressive_size.h"
#include "component/training/recipe/training_loss.h"
#include "tests/support/catch.h"

using namespace torchport;
using component::ProgressiveSize;

namespace {

std::vector<int> edges(double fraction, std::int64_t epochs, int full = 224, std::int64_t minimum = 1) {
  std::vector<int> found;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const auto size = ProgressiveSize{{full, full}, fraction, epochs, minimum}.in(epoch);
    CHECK(size.width == size.height);
    found.push_back(size.width);
  }
  return found;
}

// The sums that leave for other ranks, counted.
struct CountingWorld : runtime::WorldOfOne {
  int reduced = 0;
  std::unique_ptr<runtime::PendingReduce> all_reduce_async(void* data, std::size_t count, runtime::DataType type,
                                                           runtime::Reduction reduction) override {
    ++reduced;
    return WorldOfOne::all_reduce_async(data, count, type, reduction);
  }
};

}  // namespace

TEST_CASE("recipe: images grow in steps of 32 pixels and are whole for the last three tenths of the epochs", "[recipe]") {
  CHECK(edges(0.5, 10, 256) == std::vector<int>{128, 160, 160, 192, 192, 224, 224, 256, 256, 256});
  CHECK(edges(0.57, 5) == std::vector<int>{128, 160, 192, 224, 224});
  CHECK(edges(1, 3) == std::vector<int>{224, 224, 224});
  CHECK(edges(0.1, 1) == std::vector<int>{224});
  const auto size = ProgressiveSize{{160, 320}, 0.6, 4, 1}.in(0);
  CHECK((size.height == 96 && size.width == 192));
}

TEST_CASE("recipe: shrunk images are neither below 32 pixels, the network's minimum or their own size, nor above it", "[recipe]") {
  CHECK(edges(0.01, 4, 224).front() == 32);
  CHECK(edges(0.01, 4, 224, 75).front() == 75);
  CHECK(edges(0.01, 4, 28).front() == 28);
  CHECK(edges(0.99, 4, 250).front() == 250);  // 256 is the nearest multiple
  CHECK(edges(0.5, 4, 250) == std::vector<int>{128, 192, 250, 250});
}

TEST_CASE("recipe: a resized batch keeps its layout", "[recipe]") {
  const at::Tensor images = torch::rand({2, 3, 64, 64}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor small = component::resized(images, {32, 48});
  CHECK(small.sizes() == at::IntArrayRef({2, 3, 32, 48}));
  CHECK(small.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(component::resized(images, {64, 64}).is_same(images));
}

TEST_CASE("recipe: mixup blends each image with the one before it, in the batch's layout", "[recipe]") {
  const at::Tensor images = torch::rand({3, 3, 8, 8}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor mixed = component::mixed_with_previous(images, 0.3);
  CHECK(at::allclose(mixed[0], 0.3 * images[0] + 0.7 * images[2]));
  CHECK(at::allclose(mixed[2], 0.3 * images[2] + 0.7 * images[1]));
  CHECK(mixed.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(component::mixed_with_previous(images, 1).is_same(images));
  const at::Tensor alone = images.narrow(0, 0, 1);
  CHECK(at::allclose(component::mixed_with_previous(alone, 0.3), alone));
}

TEST_CASE("recipe: the share of mixup depends on seed, epoch and step, and survives any alpha", "[recipe]") {
  const double share = component::mixup_share(0.2, 1, 2, 3);
  CHECK(share == component::mixup_share(0.2, 1, 2, 3));
  CHECK(share != component::mixup_share(0.2, 2, 2, 3));
  CHECK(share != component::mixup_share(0.2, 1, 3, 3));
  CHECK(share != component::mixup_share(0.2, 1, 2, 4));
  CHECK(component::mixup_share(0, 1, 2, 3) == 1);
  for (const double alpha : {5e-324, 1e-300, 1e-3, 1e10, 1e300}) {
    for (std::int64_t step = 0; step < 20; ++step) {
      const double drawn = component::mixup_share(alpha, 1, 0, step);
      INFO("alpha " << alpha << ", share " << drawn);
      CHECK((drawn >= 0 && drawn <= 1));
      CHECK((alpha < 1 || std::abs(drawn - 0.5) < 1e-3));
    }
  }
}

TEST_CASE("recipe: the loss of mixed images is that of their mixed targets, and the larger share is the right answer", "[recipe]") {
  const at::Tensor logits = torch::randn({4, 3}, at::kDouble), labels = torch::tensor({0, 1, 2, 1}, at::kLong);
  const at::Tensor hot = at::one_hot(labels, 3).to(at::kDouble), soft = 0.3 * hot + 0.7 * at::roll(hot, 1, 0);
  const at::Tensor wanted = at::cross_entropy_loss(logits, soft, {}, at::Reduction::Sum, -100, 0.1);
  CHECK(component::training_loss(logits, {labels, 0.1, 0.3}).item<double>() == Approx(wanted.item<double>()).epsilon(1e-12));
  const at::Tensor answers = 9 * hot;
  CHECK(component::count_correct(answers, {labels, 0, 0.6}) == 4);
  CHECK(component::count_correct(answers, {labels, 0, 0.4}) == 0);
}

TEST_CASE("recipe: without norm weight decay only what has two dimensions or more decays", "[recipe]") {
  const at::Tensor weight = torch::ones({1, 1}, at::kDouble).set_requires_grad(true);
  const at::Tensor bias = torch::ones({1}, at::kDouble).set_requires_grad(true);
  component::Sgd optimizer({weight, bias}, false);
  for (const auto& parameter : {weight, bias}) parameter.mutable_grad() = torch::zeros_like(parameter);
  optimizer.step(0.1);
  CHECK(weight.item<double>() == Approx(1 - 0.1 * 1.9 * 1e-4).epsilon(1e-12));
  CHECK(bias.item<double>() == 1.0);
}

TEST_CASE("recipe: accumulated gradients leave once, in the last backward pass", "[recipe]") {
  CountingWorld world;
  const at::Tensor weight = torch::ones({2}).set_requires_grad(true);
  component::GradientBuckets buckets({weight}, world, 1);
  for (int update = 0; update < 2; ++update) {
    buckets.begin();
    (weight * 2).sum().backward();
    CHECK(world.reduced == update);
    buckets.send_with(std::vector<double>{5});
    (weight * 3).sum().backward();
    CHECK(world.reduced == update + 1);
    CHECK(buckets.finish() == std::vector<double>{5});
    CHECK(weight.grad()[0].item<float>() == 5.0F);
    CHECK(world.reduced == update + 1);
  }
}
