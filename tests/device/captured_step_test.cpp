// An update that is recorded and replayed has the bits of one that goes operation by operation; when it is recorded, and when not.
#include <torch/torch.h>

#include "models/nn/dropout.h"
#include "tests/device/captured_training.h"
#include "tests/support/catch.h"

using namespace torchport;
using namespace torchport::test::captured;

namespace {

/// Trains twice, with graphs and without, through `kinds`; returns the one with.
std::unique_ptr<Training> check_bit_equal(const std::function<models::Classifier()>& make, Precision precision,
                                          const std::vector<Kind>& kinds, std::size_t batches = 1) {
  at::set_num_threads(1);
  auto with = std::make_unique<Training>(make(), precision, true, batches);
  Training without(make(), precision, false, batches);
  double rate = 0.1;
  for (const Kind& kind : kinds) {
    rate *= 0.7;  // another one in each update
    CHECK(same(with->update(kind, rate), without.update(kind, rate)));
    CHECK(with->counts.waits.empty());
    CHECK(with->counts.to_device == 1);  // the numbers
    CHECK(with->counts.to_host == 1);    // the statistics
    CHECK(without.counts.waits.empty());
    CHECK(without.counts.to_device == 1);
  }
  CHECK(same(with->weights(), without.weights()));
  CHECK(without.captured.replays() == 0);
  return with;
}

}  // namespace

TEST_CASE("captured step: LibTorch's own operations replayed are bit-equal, update after update", "[captured_step]") {
  const auto name = GENERATE(as<std::string>(), "resnet18", "densenet121");
  const auto precision = GENERATE(Precision::float32, Precision::bfloat16);
  // The first update begins the average, and is of a kind of its own.
  const auto training = check_bit_equal([&] { return variant(name); }, precision, std::vector<Kind>(kRecordedAt + 3, {.size = 32}));
  CHECK(training->captured.replays() == 2);
  CHECK(training->captured.recordings() == 1);
}

TEST_CASE("captured step: a tail, another size, mixed images and the end of the warm-up have graphs of their own, or none",
          "[captured_step]") {
  std::vector<Kind> kinds(kRecordedAt + 1);
  kinds.push_back({.images = 3});
  kinds.insert(kinds.end(), 2, {});
  kinds.insert(kinds.end(), kRecordedAt + 2, {.size = 32});
  kinds.insert(kinds.end(), kRecordedAt + 1, {.mixed = true});
  kinds.push_back({.images = 3, .mixed = true});
  kinds.push_back({});
  const auto training = check_bit_equal([] { return variant("resnet18"); }, Precision::float32, kinds);
  CHECK(training->captured.recordings() == 3);
  CHECK(training->captured.replays() == 2 + 2 + 1 + 1);
  CHECK(training->logged().find("CUDA graph: updates of 2 images of 64 x 64 are replayed from here on.") != std::string::npos);
  CHECK(training->logged().find("CUDA graph: updates of 2 images of 32 x 32 are replayed from here on.") != std::string::npos);
}

TEST_CASE("captured step: an average that has not begun is copied by each replay", "[captured_step]") {
  std::vector<Kind> kinds(kRecordedAt + 2, {.warming_up = true});
  kinds.insert(kinds.end(), kRecordedAt + 3, {});
  const auto training = check_bit_equal([] { return variant("resnet18"); }, Precision::float32, kinds);
  CHECK(training->captured.recordings() == 2);
}

TEST_CASE("captured step: accumulated batches are one graph", "[captured_step]") {
  const std::vector<Kind> kinds(kRecordedAt + 3, {.batches = 2});
  const auto training = check_bit_equal([] { return variant("resnet18"); }, Precision::bfloat16, kinds, 2);
  CHECK(training->captured.replays() == 2);
}

namespace {

// A network whose dropout draws by the step's key.
struct Dropping : models::ClassifierModule {
  torch::nn::Conv2d conv{nullptr};
  models::Dropout dropout{nullptr};
  torch::nn::Linear last{nullptr};
  Dropping() {
    torch::manual_seed(3);
    conv = register_module("conv", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 8, 3)));
    dropout = register_module("dropout", models::Dropout(0.5));
    last = register_module("last", torch::nn::Linear(8, kClasses));
  }
  at::Tensor forward(const at::Tensor& images) override {
    return last->forward(dropout->forward(at::adaptive_avg_pool2d(conv->forward(images), {1, 1}).flatten(1)));
  }
};

// One whose forward pass does what a graph cannot have.
struct Reading : Dropping {
  at::Tensor forward(const at::Tensor& images) override {
    return Dropping::forward(images.mean().item<float>() > 1e9 ? images * 2 : images);
  }
};

}  // namespace

TEST_CASE("captured step: dropout draws anew in each replay, as it would without a graph", "[captured_step]") {
  const std::vector<Kind> kinds(kRecordedAt + 4);
  const auto training = check_bit_equal([] { return std::make_shared<Dropping>(); }, Precision::float32, kinds);
  CHECK(training->captured.replays() == 3);
}

TEST_CASE("captured step: a network that cannot be recorded trains without a graph, and that is said once", "[captured_step]") {
  Training with(std::make_shared<Reading>(), Precision::float32, true),
      without(std::make_shared<Reading>(), Precision::float32, false);
  for (int i = 0; i < kRecordedAt + 4; ++i) CHECK(same(with.update({}, 0.1), without.update({}, 0.1)));
  CHECK(same(with.weights(), without.weights()));
  CHECK(with.captured.replays() == 0);
  CHECK(with.captured.recordings() == 1);
  const std::string said =
      "No CUDA graphs: fake device: item() while work is recorded. Each operation of a step is started by itself";
  const std::string logged = with.logged();
  REQUIRE(logged.find(said) != std::string::npos);
  CHECK(logged.find("No CUDA graphs", logged.find(said) + 1) == std::string::npos);
}

TEST_CASE("captured step: weights that have moved are recorded anew", "[captured_step]") {
  Training with(std::make_shared<Dropping>(), Precision::float32, true),
      without(std::make_shared<Dropping>(), Precision::float32, false);
  for (int i = 0; i < kRecordedAt + 4; ++i) {
    if (i == kRecordedAt + 2) {
      for (Training* training : {&with, &without}) {
        const at::NoGradGuard values_only;
        auto weight = training->network->parameters().front();
        weight.set_data(weight.detach().clone());
      }
    }
    CHECK(same(with.update({}, 0.1), without.update({}, 0.1)));
  }
  CHECK(with.captured.recordings() == 2);
  CHECK(with.network->parameters().front().cpu().equal(without.network->parameters().front().cpu()));
}

TEST_CASE("captured step: no more than four graphs are kept, and the one used last stays", "[captured_step]") {
  Training training(std::make_shared<Dropping>(), Precision::float32, true);
  const auto times = [&](int size, int count) {
    for (int i = 0; i < count; ++i) training.update({.size = size}, 0.1);
  };
  training.update({}, 0.1);  // begins the average
  for (const int size : {64, 56, 48, 40}) times(size, kRecordedAt + 1);
  CHECK(training.captured.recordings() == 4);
  times(64, 1);
  times(32, kRecordedAt + 1);
  times(64, 1);
  CHECK(training.captured.recordings() == 5);
  times(56, 1);
  CHECK(training.captured.recordings() == 6);
}

TEST_CASE("captured step: a replay of a rank that has failed changes nothing, and neither do those after it", "[captured_step]") {
  Training training(std::make_shared<Dropping>(), Precision::float32, true);
  for (int i = 0; i < kRecordedAt + 2; ++i) CHECK_FALSE(training.update({}, 0.1).stopped);
  const auto before = training.network->parameters().front().cpu().clone();
  auto one = training.give({}, 0.1, /*failed=*/true);
  auto next = training.give({}, 0.1);
  const StepSums sums = component::TrainingStep::read(one.wait(), 1);
  CHECK((sums.stopped && sums.failed));
  const StepSums after = component::TrainingStep::read(next.wait(), 1);
  CHECK((after.stopped && !after.failed));
  CHECK(training.network->parameters().front().cpu().equal(before));
}
