// A whole training on a device: loader, copies, updates, validation and the weights that come out are the CPU's, and those with
// graphs are those without.
#include "models/nn/norm_activation.h"
#include "tests/support/catch.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_graph.h"
#include "tests/support/small_training.h"

using namespace torchport;

namespace {

component::Device gpu() { return component::Device(c10::Device(c10::kCUDA, 0), "", &test::fake_cuda::plugin_with_graphs()); }

// One epoch whose learning rate is the same number in float32, which a device has it in.
component::TrainerOptions one_epoch(component::TrainerOptions options, double rate) {
  options.epochs = 1;
  options.warmup_epochs = 0;
  options.learning_rate = rate;
  return options;
}

std::string fault_of(test::SmallTraining& training) {
  try {
    training.at_once();
  } catch (const runtime::Error& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("device: a training with average, accumulation and mixup ends with the CPU's bits", "[trainer]") {
  at::set_num_threads(1);
  const models::UnfusedScope operation_by_operation;
  runtime::WorldOfOne alone;
  test::SmallTraining on_host(alone), on_device(alone, gpu());
  on_host.options = on_device.options = one_epoch(test::rich_options(), 0.0625);
  const auto wanted = on_host.at_once();
  test::fake_cuda::reset();
  const auto found = on_device.at_once();
  CHECK(test::fake_cuda::counts().operations > 0);
  CHECK(found == wanted);
}

TEST_CASE("device: a training by graphs ends with the bits of one without, also when it is cut or stopped", "[trainer]") {
  at::set_num_threads(1);
  runtime::WorldOfOne alone;
  test::SmallTraining without(alone, gpu()), with(alone, gpu());
  with.options = without.options = test::plain_options();
  without.options.cuda_graphs = false;
  const auto wanted = without.at_once();
  test::fake_cuda::reset();
  CHECK(with.at_once() == wanted);
  CHECK(test::fake_cuda::counts().replays == 6);  // nine updates less the first three
  CHECK(with.stopped_while_validating() == wanted);
  CHECK(with.stopped_between_updates() == wanted);
  const auto in_parts = with.in_parts();
  CHECK(in_parts == wanted);
  CHECK(in_parts.parts > 9);
}

TEST_CASE("device: a loss that is not finite is named with its own step, though it is read after the next was begun", "[trainer]") {
  at::set_num_threads(1);
  const models::UnfusedScope operation_by_operation;
  runtime::WorldOfOne alone;
  test::SmallTraining on_host(alone), on_device(alone, gpu());
  on_host.options = on_device.options = one_epoch(test::plain_options(), 0x1p100);
  const std::string said = fault_of(on_host);
  CHECK(said.find("step 2") != std::string::npos);
  CHECK(fault_of(on_device) == said);
}
