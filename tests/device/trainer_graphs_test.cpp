// A whole training by graphs has the bits of one without, also where it is stopped, and what is read a step late is said of its
// own.
#include <limits>

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

TEST_CASE("device: what has a state of its own is the same with graphs: average, accumulation, mixup, growing images",
          "[trainer]") {
  at::set_num_threads(1);
  runtime::WorldOfOne alone;
  test::SmallTraining without(alone, gpu()), with(alone, gpu());
  with.options = test::rich_options();
  with.options.batch_size = 2;  // six updates an epoch
  with.options.epochs = 4;      // of which the first has smaller images
  without.options = with.options;
  without.options.cuda_graphs = false;
  const auto wanted = without.at_once();
  test::fake_cuda::reset();
  CHECK(with.at_once() == wanted);
  // Six updates of small images, which are the warm-up; one that begins the average; seventeen more. Each kind goes three times
  // without a graph.
  CHECK(test::fake_cuda::counts().replays == (6 - 3) + (17 - 3));
  const std::string log = with.logged();
  for (const char* const size : {"32 x 32", "64 x 64"})
    CHECK(log.find("CUDA graph: updates of 2 + 2 images of " + std::string(size) + " are replayed from here on.") !=
          std::string::npos);
}

TEST_CASE("device: a training by graphs stops early where one without does", "[trainer]") {
  at::set_num_threads(1);
  runtime::WorldOfOne alone;
  test::SmallTraining without(alone, gpu()), with(alone, gpu());
  with.options = without.options = test::stopping_options();
  without.options.cuda_graphs = false;
  const auto wanted = without.at_once();
  test::fake_cuda::reset();
  CHECK(with.at_once() == wanted);
  CHECK(wanted.result.stopped_early);
  CHECK(test::fake_cuda::counts().replays > 0);
}

namespace {

constexpr int kSteps = 12;  // an epoch of two images each

/// Before one update the weights become such that its loss is not finite.
struct Poison : component::Boundary {
  test::SmallTraining& training;
  int before, asked = 0;
  std::vector<at::Tensor> weights{};
  Poison(test::SmallTraining& of, int step) : training(of), before(step) {}
  std::vector<at::Tensor> weights_now() const {
    std::vector<at::Tensor> all;
    for (const auto& parameter : training.network().parameters()) all.push_back(parameter.detach().cpu().clone());
    return all;
  }
  component::Wishes wishes() override {  // once before the first update
    if (asked++ != before) return {};
    const at::NoGradGuard values_only;
    training.network().parameters().back().fill_(std::numeric_limits<float>::infinity());
    weights = weights_now();
    return {};
  }
};

/// Wishes for a checkpoint before one update, and takes the state that it is told to save.
struct Save : component::Boundary {
  int before, asked = 0;
  std::string place{};
  component::TrainingState state{};
  explicit Save(int step) : before(step) {}
  component::Wishes wishes() override { return {.save = asked++ == before}; }
  bool reached(const component::Trainer& trainer, component::Place, const component::Wishes& all) override {
    if (!all.save) return true;
    place = trainer.place();
    trainer.write(state);
    return true;
  }
};

/// The same at a place that is known before.
struct SaveAt : Save {
  std::string wanted;
  explicit SaveAt(std::string at) : Save(-1), wanted(std::move(at)) {}
  bool waits_for(const std::string& at) const override { return at == wanted; }
  bool reached(const component::Trainer& trainer, component::Place, const component::Wishes&) override {
    if (trainer.place() != wanted || !place.empty()) return true;
    place = trainer.place();
    trainer.write(state);
    return true;
  }
};

}  // namespace

TEST_CASE("device: a loss that is not finite, without a graph, in a replay or at an epoch's end, changes no weight", "[trainer]") {
  at::set_num_threads(1);
  runtime::WorldOfOne alone;
  const int step = GENERATE(2, 6, kSteps);
  test::SmallTraining training(alone, gpu());
  training.options = one_epoch(test::plain_options(), 0.0625);
  training.options.batch_size = 2;
  Poison poison(training, step);
  std::string said;
  test::fake_cuda::reset();
  try {
    training.at_once(poison);
  } catch (const runtime::Error& error) {
    said = error.what();
  }
  INFO(said);
  CHECK(said.find("step " + std::to_string(step) + " of epoch 1") != std::string::npos);
  // The next update, if there is one, had been handed in.
  CHECK(test::fake_cuda::counts().replays == std::max(0, std::min(step + 1, kSteps) - 3));
  const auto after = poison.weights_now();
  REQUIRE(after.size() == poison.weights.size());
  for (std::size_t i = 0; i < after.size(); ++i) CHECK(after[i].equal(poison.weights[i]));
}

TEST_CASE("device: a checkpoint that was wished for has the state of the place that it names", "[trainer]") {
  at::set_num_threads(1);
  runtime::WorldOfOne alone;
  test::SmallTraining wished(alone, gpu()), known(alone, gpu());
  wished.options = known.options = one_epoch(test::plain_options(), 0.0625);
  wished.options.batch_size = known.options.batch_size = 2;
  Save save(6);
  const auto whole = wished.at_once(save);
  CHECK(save.place == "1.7");  // the wish came with the sixth update, and was read after the seventh had been handed in
  SaveAt there(save.place);
  CHECK(known.at_once(there) == whole);
  REQUIRE(there.place == save.place);
  const auto &some = save.state.all_tensors(), &others = there.state.all_tensors();
  REQUIRE(some.size() == others.size());
  for (const auto& [name, tensor] : some) {
    INFO(name);
    CHECK(tensor.equal(others.at(name)));
  }
  for (const auto& [name, value] : save.state.all_numbers()) {
    if (name.starts_with("clock.")) continue;
    INFO(name);
    CHECK(value == there.state.all_numbers().at(name));
  }
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
