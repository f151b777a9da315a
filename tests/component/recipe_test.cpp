#include "component/training/device.h"
#include "component/training/gradient_buckets.h"
#include "component/training/recipe/gradient_clip.h"
#include "component/training/recipe/mixup.h"
#include "component/training/recipe/optimizer.h"
#include "component/training/recipe/progressive_size.h"
#include "component/training/recipe/training_loss.h"
#include "component/training/recipe/weight_average.h"
#include "tests/support/catch.h"
#include "tests/support/networks.h"

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
struct CountingReducer : component::ReducerOfOne {
  int reduced = 0;
  std::unique_ptr<component::PendingSum> sum(const at::Tensor& flat) override {
    ++reduced;
    return ReducerOfOne::sum(flat);
  }
};

const at::Tensor kGo = at::zeros({}), kStop = at::ones({});  // found_inf
at::Tensor rate(double value) { return component::Device().number(value); }

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
  const at::Tensor mixed = component::mixed_with_previous(images, at::scalar_tensor(0.3F));
  CHECK(at::allclose(mixed[0], 0.3 * images[0] + 0.7 * images[2]));
  CHECK(at::allclose(mixed[2], 0.3 * images[2] + 0.7 * images[1]));
  CHECK(mixed.is_contiguous(at::MemoryFormat::ChannelsLast));
  const at::Tensor alone = images.narrow(0, 0, 1);
  CHECK(at::allclose(component::mixed_with_previous(alone, at::scalar_tensor(0.3F)), alone));
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
  const auto shares = [](double own) { return torch::tensor({own, 1 - own}, at::kDouble); };
  CHECK(component::training_loss(logits, {labels, 0.1, shares(0.3)}).item<double>() ==
        Approx(wanted.item<double>()).epsilon(1e-12));
  const at::Tensor answers = 9 * hot;
  CHECK(component::count_correct(answers, {labels, 0, shares(0.6)}).item<int>() == 4);
  CHECK(component::count_correct(answers, {labels, 0, shares(0.4)}).item<int>() == 0);
}

TEST_CASE("recipe: the loss with class weights is torch's weighted mean times the labels' weights", "[recipe]") {
  const at::Tensor logits = torch::randn({6, 4}) * 3, labels = torch::tensor({0, 3, 3, 1, 0, 2}, at::kLong);
  const at::Tensor weights = torch::tensor({0.25, 3.0, 1.5, 0.5}, at::kFloat);
  for (const double smoothing : {0.0, 0.2}) {
    const component::Targets targets{labels, smoothing, {}, weights};
    const at::Tensor wanted = at::cross_entropy_loss(logits, labels, weights, at::Reduction::Mean, -100, smoothing);
    CHECK(at::allclose(component::training_loss(logits, targets) / weights.index_select(0, labels).sum(), wanted, 1e-6, 1e-6));
    const double share = 0.7;
    const component::Targets mixed{labels, smoothing, torch::tensor({share, 1 - share}, at::kFloat), weights};
    const at::Tensor before = labels.roll(1, 0);
    const at::Tensor others = at::cross_entropy_loss(logits, before, weights, at::Reduction::Mean, -100, smoothing);
    CHECK(at::allclose(component::training_loss(logits, mixed) / weights.index_select(0, labels).sum(),
                       share * wanted + (1 - share) * others, 1e-6, 1e-6));
  }
}

TEST_CASE("recipe: gradients are clipped to a common norm as by torch, and only above it", "[recipe]") {
  for (const double bound : {0.5, 1e6}) {
    std::vector<at::Tensor> ours, theirs;
    for (const auto& shape : {std::vector<std::int64_t>{3, 4, 3, 3}, {7}, {2, 5}}) {
      const at::Tensor gradient = torch::randn(shape);
      for (auto* const list : {&ours, &theirs}) {
        list->push_back(torch::zeros(shape).requires_grad_());
        list->back().mutable_grad() = gradient.clone();
      }
    }
    const double norm = torch::nn::utils::clip_grad_norm_(theirs, bound);
    const at::Tensor clipped = component::clip_gradients(ours, bound);
    CHECK((clipped.item<float>() == 1) == (norm > bound));
    for (std::size_t i = 0; i < ours.size(); ++i) CHECK(at::allclose(ours[i].grad(), theirs[i].grad(), 1e-6, 1e-8));
  }
}

TEST_CASE("recipe: without norm weight decay only what has two dimensions or more decays", "[recipe]") {
  const at::Tensor weight = torch::ones({1, 1}, at::kDouble).set_requires_grad(true);
  const at::Tensor bias = torch::ones({1}, at::kDouble).set_requires_grad(true);
  component::Sgd optimizer({weight, bias}, false);
  for (const auto& parameter : {weight, bias}) parameter.mutable_grad() = torch::zeros_like(parameter);
  optimizer.step(rate(0.1), kGo);
  CHECK(weight.item<double>() == Approx(1 - 0.1 * 1.9 * 1e-4).epsilon(1e-12));
  CHECK(bias.item<double>() == 1.0);
}

TEST_CASE("recipe: accumulated gradients leave once, in the last backward pass", "[recipe]") {
  CountingReducer world;
  const bool kept = GENERATE(false, true);
  const at::Tensor weight = torch::ones({2}).set_requires_grad(true);
  component::GradientBuckets buckets({weight}, world, 1, kept);
  const void* address = nullptr;
  for (int update = 0; update < 2; ++update) {
    buckets.begin();
    (weight * 2).sum().backward();
    CHECK(world.reduced == update);
    buckets.statistics().fill_(5);
    buckets.send_next();
    (weight * 3).sum().backward();
    CHECK(world.reduced == update + 1);
    CHECK(buckets.finish().item<float>() == 5.0F);
    CHECK(world.reduced == update + 1);
    CHECK(weight.grad()[0].item<float>() == 5.0F);
    if (!kept) continue;
    if (!address) address = weight.grad().data_ptr();
    CHECK(weight.grad().data_ptr() == address);
    CHECK(weight.grad().is_alias_of(buckets.flats().at(0)));
  }
}

TEST_CASE("recipe: found_inf leaves weights, momenta and the average as they are", "[recipe]") {
  torch::nn::Linear layer(2, 3);
  const std::vector<at::Tensor> parameters = layer->parameters();
  component::Sgd optimizer(parameters);
  const auto with_gradients = [&](float value, const at::Tensor& found_inf) {
    for (const auto& parameter : parameters) parameter.mutable_grad() = torch::full_like(parameter, value);
    optimizer.step(rate(0.1), found_inf);
  };
  with_gradients(1, kGo);
  component::TrainingState before, after;
  const at::Tensor weight = layer->weight.detach().clone();
  optimizer.write(before);
  with_gradients(std::numeric_limits<float>::infinity(), kStop);
  optimizer.write(after);
  CHECK(at::equal(layer->weight, weight));
  for (const auto& [name, tensor] : before.all_tensors()) CHECK(at::equal(tensor, after.all_tensors().at(name)));
  with_gradients(1, kGo);
  CHECK_FALSE(at::equal(layer->weight, weight));
}

TEST_CASE("recipe: the average stands still where the weights do", "[recipe]") {
  const auto network = models::make_classifier(test::model_spec("resnet18"), 2, 1);
  component::WeightAverage average(*network, 0.5);
  const at::Tensor weight = network->parameters().front().detach();
  average.update(false, kGo);
  const at::Tensor first = weight.clone();
  weight.add_(1);
  average.update(false, kStop);
  average.exchange();
  CHECK(at::equal(weight, first));
  average.exchange();
  average.update(false, kGo);
  average.exchange();
  CHECK(at::allclose(weight, first + 0.5));
}

// Momenta of -0.0 stand for the first step of torch.optim.SGD, which takes the gradient itself.
TEST_CASE("recipe: the first step is no special one, to the sign of a zero", "[recipe]") {
  const auto values = [] { return torch::tensor({-0.0F, 0.0F, 1.5F, -2.0F, -0.0F, 0.0F, 1e-30F}); };
  const auto gradients = torch::tensor({-0.0F, -0.0F, 0.25F, -1e-8F, 0.0F, 0.0F, -1e-38F});
  const bool decays = GENERATE(true, false);
  at::Tensor wanted = values(), momentum = at::zeros_like(wanted);
  at::_fused_sgd_({wanted}, {gradients}, {momentum}, decays ? 1e-4 : 0, 0.9, 0.1, 0, true, false, /*is_first_step=*/true);
  const at::Tensor found = values().set_requires_grad(true);
  component::Sgd optimizer({found}, decays);
  found.mutable_grad() = gradients;
  optimizer.step(rate(0.1), kGo);
  component::TrainingState state;
  optimizer.write(state);
  const auto bits = [](const at::Tensor& tensor) { return tensor.detach().view(at::kInt); };
  CHECK(at::equal(bits(found), bits(wanted)));
  CHECK(at::equal(bits(state.tensors("optimizer.momentum").at(0)), bits(momentum)));
}
