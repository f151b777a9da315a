// Each network's update, replayed, has the bits of the same one without a graph.
#include "models/nn/device/device_kernels.h"
#include "tests/device/captured_training.h"
#include "tests/support/catch.h"
#include "tests/support/fake_cuda_kernels.h"

using namespace torchport;
using namespace torchport::test::captured;

namespace {

// With the kernels of the module's table, as a GPU has them, and on small images: three updates, one more by a replay, and that one
// again without from where it began.
void check_network(const std::string& name) {
  at::set_num_threads(1);
  models::use_device_kernels(&test::fake_cuda::kernels());
  const Kind kind{.size = 32};
  for (const auto precision : {Precision::float32, Precision::bfloat16}) {
    Training training(variant(name), precision, /*graphs=*/true, 1, /*averaged=*/false);
    for (int i = 0; i < kRecordedAt; ++i) training.update(kind, 0.01);
    CHECK(training.counts.calls.at("ApplyMaxPool") == 1);
    const auto before = training.weights();
    const StepSums by_replay = training.update(kind, 0.02);
    CHECK(training.counts.replays == 1);
    CHECK(training.counts.operations == 2);  // pixels and labels go to where the graph has them
    CHECK(training.counts.waits.empty());
    CHECK(training.counts.to_device == 1);  // the numbers
    CHECK(training.counts.to_host == 1);    // the statistics
    CHECK(training.captured.recordings() == 1);
    const auto after = training.weights();
    CHECK_FALSE(same(after, before));
    CHECK(same(by_replay, component::TrainingStep::read(training.give_again(kind, 0.02, before).wait(), 1)));
    CHECK(same(after, training.weights()));
  }
  models::use_device_kernels(nullptr);
}

}  // namespace

TEST_CASE("captured step: resnet18 replayed is bit-equal", "[captured_step][networks]") { check_network("resnet18"); }
TEST_CASE("captured step: resnet34 replayed is bit-equal", "[captured_step][networks]") { check_network("resnet34"); }
TEST_CASE("captured step: resnet50 replayed is bit-equal", "[captured_step][networks]") { check_network("resnet50"); }
TEST_CASE("captured step: resnet101 replayed is bit-equal", "[captured_step][networks]") { check_network("resnet101"); }
TEST_CASE("captured step: resnet152 replayed is bit-equal", "[captured_step][networks]") { check_network("resnet152"); }
TEST_CASE("captured step: resnext50_32x4d replayed is bit-equal", "[captured_step][networks]") { check_network("resnext50_32x4d"); }
TEST_CASE("captured step: resnext101_32x8d replayed is bit-equal", "[captured_step][networks]") {
  check_network("resnext101_32x8d");
}
TEST_CASE("captured step: wide_resnet50_2 replayed is bit-equal", "[captured_step][networks]") { check_network("wide_resnet50_2"); }
TEST_CASE("captured step: wide_resnet101_2 replayed is bit-equal", "[captured_step][networks]") {
  check_network("wide_resnet101_2");
}
TEST_CASE("captured step: densenet121 replayed is bit-equal", "[captured_step][networks]") { check_network("densenet121"); }
TEST_CASE("captured step: densenet161 replayed is bit-equal", "[captured_step][networks]") { check_network("densenet161"); }
TEST_CASE("captured step: densenet169 replayed is bit-equal", "[captured_step][networks]") { check_network("densenet169"); }
TEST_CASE("captured step: densenet201 replayed is bit-equal", "[captured_step][networks]") { check_network("densenet201"); }
