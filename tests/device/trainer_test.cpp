// A whole training on a device: loader, copies, updates, validation and the weights that come out are the CPU's.
#include "models/nn/norm_activation.h"
#include "tests/support/catch.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/small_training.h"

using namespace torchport;

TEST_CASE("device: a training with average, accumulation and mixup ends with the CPU's bits", "[trainer]") {
  at::set_num_threads(1);
  const models::UnfusedScope operation_by_operation;
  runtime::WorldOfOne alone;
  auto options = test::rich_options();
  options.epochs = 1;
  options.warmup_epochs = 0;
  options.learning_rate = 0.0625;  // the same number in float32, which a device has it in
  test::SmallTraining on_host(alone), on_device(alone, component::Device(c10::Device(c10::kCUDA, 0)));
  on_host.options = on_device.options = options;
  const auto wanted = on_host.at_once();
  test::fake_cuda::reset();
  const auto found = on_device.at_once();
  CHECK(test::fake_cuda::counts().operations > 0);
  CHECK(found == wanted);
}
