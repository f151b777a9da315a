// An update that is recorded and replayed: the bits of one that goes operation by operation, on every network; when it is recorded,
// and when not.
#include "component/training/captured_step.h"

#include <torch/torch.h>

#include <fstream>
#include <sstream>

#include "component/training/recipe/mixup.h"
#include "component/training/recipe/progressive_size.h"
#include "models/nn/dropout.h"
#include "models/nn/random_key.h"
#include "tests/support/catch.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_graph.h"
#include "tests/support/networks.h"
#include "tests/support/paths.h"

using namespace torchport;
using component::CapturedStep;
using component::Precision;
using component::StepBatch;
using component::StepInputs;
using component::StepSums;

namespace {

constexpr std::int64_t kBatch = 2, kMost = 3, kClasses = 10;
constexpr int kSize = 64;
constexpr int kRecordedAt = CapturedStep::kEager;  ///< the update of a kind that is the first to be replayed, from 0

// How an update differs from the usual one.
struct Kind {
  std::int64_t images = kBatch;
  int size = kSize;
  bool mixed = false, warming_up = false;
  std::size_t batches = 1;
};

struct Training {
  component::Device device{c10::Device(c10::kCUDA, 0), "", &test::fake_cuda::plugin_with_graphs()};
  component::OwnStream stream{device};
  test::TemporaryFolder folder;
  runtime::Log log{{folder / "log", false}};
  runtime::WorldOfOne alone;
  component::ReducerOfOne reducer;
  models::Classifier network;
  component::NetworkInput input;
  component::WeightAverage average;
  component::TrainingStep step;
  CapturedStep captured;
  test::fake_cuda::Counts counts;  // of the last update: until it was handed in, and its statistics asked for
  std::int64_t updates = 0;

  Training(models::Classifier of, Precision precision, bool graphs, std::size_t batches = 1)
      : network(on_device(std::move(of))),
        input({{0.5, 0.5, 0.5}, {0.25, 0.25, 0.25}}, true, precision, device),
        average(*network, 0.75),
        step({batches, 0.125, true, precision}, network, device, reducer, &average),
        captured(
            {graphs, batches, kMost, {kSize, kSize}}, step, [this](const auto&... all) { return prepared(all...); }, device,
            reducer, alone, log) {}

  models::Classifier on_device(models::Classifier of) const {
    models::use_channels_last(*of);
    device.take(*of);
    of->train();
    return of;
  }

  StepInputs prepared(const StepBatch& batch, const at::Tensor& numbers, const at::Tensor& key) const {
    StepInputs inputs{component::resized(input(batch.images, true), batch.size), batch.labels, numbers, batch.mixed, key};
    if (batch.mixed) inputs.images = component::mixed_with_previous(inputs.images, numbers[StepInputs::kShare]);
    return inputs;
  }

  // Other pixels, labels and keys each time.
  StepBatch batch(const Kind& kind, std::int64_t number) const {
    auto generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<std::uint64_t>(number));
    const at::Tensor pixels = at::randint(0, 256, {kind.images, kSize, kSize, 3}, generator, at::kByte);
    const at::Tensor labels = at::randint(0, kClasses, {kind.images}, generator, at::kLong);
    const auto total = static_cast<float>(kind.images * static_cast<std::int64_t>(kind.batches));
    return {pixels.to(device.where()).permute({0, 3, 1, 2}),
            labels.to(device.where()),
            {total, 0, 0.75, 0.25, 0},
            models::random_key(1, 0, number, 0),
            kind.mixed,
            {kind.size, kind.size}};
  }

  component::HostCopy give(const Kind& kind, double rate, bool failed = false) {
    std::vector<StepBatch> batches;
    for (std::size_t i = 0; i < kind.batches; ++i) batches.push_back(batch(kind, 10 * updates + static_cast<int>(i)));
    ++updates;
    test::fake_cuda::reset();
    captured.begin(kind.images == kBatch);
    for (const StepBatch& one : batches) captured.add(one);
    if (failed) captured.fail();
    auto copy = device.fetch(captured.finish(rate, kind.warming_up));
    counts = test::fake_cuda::counts();
    return copy;
  }
  StepSums update(const Kind& kind, double rate) {
    auto copy = give(kind, rate);
    return component::TrainingStep::read(copy.wait(), kind.batches);
  }

  std::vector<at::Tensor> weights() const {
    component::TrainingState state;
    step.write(state);
    average.write(state);
    std::vector<at::Tensor> all;
    for (const char* name : {"optimizer.momentum", "average.weights", "average.counters"})
      for (const auto& tensor : state.tensors(name)) all.push_back(tensor);
    for (const auto& tensors : {network->parameters(), network->buffers()})
      for (const auto& tensor : tensors) all.push_back(tensor.detach().cpu());
    return all;
  }
  std::string logged() const {
    std::ostringstream text;
    text << std::ifstream(folder / "log").rdbuf();
    return text.str();
  }
};

models::Classifier variant(const std::string& name) { return models::make_classifier(test::model_spec(name), kClasses, 7); }

bool same(const std::vector<at::Tensor>& some, const std::vector<at::Tensor>& others) {
  return std::equal(some.begin(), some.end(), others.begin(), others.end(),
                    [](const at::Tensor& a, const at::Tensor& b) { return a.equal(b); });
}

bool same(const StepSums& some, const StepSums& others) {
  return some.stopped == others.stopped && some.failed == others.failed &&
         std::equal(some.batches.begin(), some.batches.end(), others.batches.begin(), others.batches.end(),
                    [](const auto& a, const auto& b) { return a.loss == b.loss && a.correct == b.correct && a.bad == b.bad; });
}

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

void check_network(const std::string& name) {
  for (const auto precision : {Precision::float32, Precision::bfloat16}) {
    // The first update begins the average, and is of a kind of its own.
    const auto training = check_bit_equal([&] { return variant(name); }, precision, std::vector<Kind>(kRecordedAt + 2));
    CHECK(training->captured.replays() == 1);
    CHECK(training->captured.recordings() == 1);
    CHECK(training->counts.replays == 1);
    CHECK(training->counts.operations == 2);  // pixels and labels go to where the graph has them
  }
}

}  // namespace

TEST_CASE("captured step: resnet18 replayed is bit-equal", "[captured_step]") { check_network("resnet18"); }
TEST_CASE("captured step: resnet34 replayed is bit-equal", "[captured_step]") { check_network("resnet34"); }
TEST_CASE("captured step: resnet50 replayed is bit-equal", "[captured_step]") { check_network("resnet50"); }
TEST_CASE("captured step: resnet101 replayed is bit-equal", "[captured_step]") { check_network("resnet101"); }
TEST_CASE("captured step: resnet152 replayed is bit-equal", "[captured_step]") { check_network("resnet152"); }
TEST_CASE("captured step: resnext50_32x4d replayed is bit-equal", "[captured_step]") { check_network("resnext50_32x4d"); }
TEST_CASE("captured step: resnext101_32x8d replayed is bit-equal", "[captured_step]") { check_network("resnext101_32x8d"); }
TEST_CASE("captured step: wide_resnet50_2 replayed is bit-equal", "[captured_step]") { check_network("wide_resnet50_2"); }
TEST_CASE("captured step: wide_resnet101_2 replayed is bit-equal", "[captured_step]") { check_network("wide_resnet101_2"); }
TEST_CASE("captured step: densenet121 replayed is bit-equal", "[captured_step]") { check_network("densenet121"); }
TEST_CASE("captured step: densenet161 replayed is bit-equal", "[captured_step]") { check_network("densenet161"); }
TEST_CASE("captured step: densenet169 replayed is bit-equal", "[captured_step]") { check_network("densenet169"); }
TEST_CASE("captured step: densenet201 replayed is bit-equal", "[captured_step]") { check_network("densenet201"); }

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
