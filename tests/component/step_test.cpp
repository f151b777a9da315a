// One update of the weights, without images, epochs or logs.
#include "component/training/step.h"

#include "tests/support/catch.h"
#include "tests/support/networks.h"

using namespace torchport;
using component::StepInputs;
using component::TrainingStep;

namespace {

struct Stepping {
  component::Device device;
  component::ReducerOfOne alone;
  models::Classifier network = models::make_classifier(test::model_spec("resnet18"), 3, 1);
  TrainingStep step{{2, 0, true, component::Precision::float32}, network, device, alone, nullptr};

  Stepping() { network->train(); }

  static StepInputs batch(float scale, double of_update) {
    const at::Tensor images = at::linspace(-1, 1, 2 * 3 * 32 * 32).view({2, 3, 32, 32}) * scale;
    const at::Tensor numbers = at::zeros({StepInputs::kNumbers});
    numbers[StepInputs::kImages] = of_update;
    numbers[StepInputs::kBad] = 1;
    return {images, torch::tensor({0, 2}, at::kLong), numbers, false, {}};
  }
  component::StepSums finish(std::size_t batches) {
    auto copy = device.fetch(step.finish(device.number(0.01), false));
    return TrainingStep::read(copy.wait(), batches);
  }
  // All that an update may change and a stopped one may not.
  std::vector<at::Tensor> held() const {
    component::TrainingState state;
    step.write(state);
    auto tensors = state.tensors("optimizer.momentum");
    for (const auto& parameter : network->parameters()) tensors.push_back(parameter.detach().clone());
    return tensors;
  }
};

bool same(const std::vector<at::Tensor>& a, const std::vector<at::Tensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) { return x.equal(y); });
}

}  // namespace

TEST_CASE("step: the sums of each batch come back, and the weights change once", "[step]") {
  Stepping stepping;
  const auto before = stepping.held();
  stepping.step.begin();
  stepping.step.add(Stepping::batch(1, 4), false);
  stepping.step.add(Stepping::batch(-1, 4), true);
  CHECK(same(stepping.held(), before));
  const auto sums = stepping.finish(2);
  CHECK_FALSE((sums.failed || sums.stopped));
  REQUIRE(sums.batches.size() == 2);
  for (const auto& batch : sums.batches) {
    CHECK(batch.loss > 0);
    CHECK(batch.bad == 1);
    CHECK((batch.correct >= 0 && batch.correct <= 2));
  }
  CHECK(sums.batches[0].loss != sums.batches[1].loss);
  CHECK_FALSE(same(stepping.held(), before));
}

TEST_CASE("step: a loss that is not finite stops before the weights change, and is named", "[step]") {
  Stepping stepping;
  const auto before = stepping.held();
  stepping.step.begin();
  stepping.step.add(Stepping::batch(1, 4), false);
  stepping.step.add(Stepping::batch(std::numeric_limits<float>::infinity(), 4), true);
  const auto sums = stepping.finish(2);
  CHECK(sums.stopped);
  CHECK_FALSE(sums.failed);
  CHECK(std::isfinite(sums.batches[0].loss));
  CHECK_FALSE(std::isfinite(sums.batches[1].loss));
  CHECK(same(stepping.held(), before));
}

TEST_CASE("step: where a rank cannot go on, the weights change on none", "[step]") {
  Stepping stepping;
  const auto before = stepping.held();
  stepping.step.begin();
  stepping.step.add(Stepping::batch(1, 4), false);
  stepping.step.fail();
  const auto sums = stepping.finish(2);
  CHECK((sums.failed && sums.stopped));
  CHECK(same(stepping.held(), before));
  stepping.step.begin();
  stepping.step.add(Stepping::batch(1, 2), true);
  CHECK_FALSE(stepping.finish(1).stopped);
}

TEST_CASE("step: a gradient that is not finite stops it before the weights change", "[step]") {
  Stepping stepping;
  const float large = GENERATE(std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity());
  // The loss is finite: only the gradient is not, of one weight of one layer, in the middle and at both ends.
  const std::size_t parameter = GENERATE(0, 30, 61);
  const at::Tensor weights = stepping.network->parameters()[parameter];
  weights.register_hook([=](const at::Tensor& gradient) {
    at::Tensor changed = gradient.clone();
    changed.mutable_data_ptr<float>()[0] = large;
    return changed;
  });
  const auto before = stepping.held();
  stepping.step.begin();
  stepping.step.add(Stepping::batch(1, 2), true);
  const auto sums = stepping.finish(1);
  CHECK(sums.stopped);
  CHECK_FALSE(sums.failed);
  CHECK(std::isfinite(sums.batches[0].loss));
  CHECK(same(stepping.held(), before));
}
