// The first batch of a training on a device is shown as the host's, and nothing of it is in a graph.
#include "models/nn/norm_activation.h"
#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_graph.h"
#include "tests/support/small_training.h"

using namespace torchport;

TEST_CASE("device: the first batch is shown as the host's is, also by graphs and of several batches an update", "[first_batch]") {
  at::set_num_threads(1);
  const models::UnfusedScope operation_by_operation;
  runtime::WorldOfOne alone;
  const test::TemporaryFolder folder;
  const auto shown = [&](component::TrainerOptions options, const component::Device& device) {
    test::SmallTraining training(alone, device);
    options.epochs = 2;
    options.warmup_epochs = 0;
    options.learning_rate = 0.0625;
    training.options = options;
    const auto wanted = training.at_once();
    training.options.first_batch_file = folder / "first.json";
    CHECK(training.at_once() == wanted);
    return runtime::read_file(folder / "first.json", 1 << 20);
  };
  const component::Device gpu(c10::Device(c10::kCUDA, 0)), host;
  const component::Device graphs(c10::Device(c10::kCUDA, 0), "", &test::fake_cuda::plugin_with_graphs());
  for (const auto& options : {test::plain_options(), test::rich_options()}) {
    const std::string wanted = shown(options, host);
    CHECK(shown(options, gpu) == wanted);
    CHECK(shown(options, graphs) == wanted);
  }
}
