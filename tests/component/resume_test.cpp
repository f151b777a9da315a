// A training in parts is the training: whatever decides what comes next lies in TrainingState.
#include "component/images/bad_images.h"
#include "component/training/gradient_buckets.h"
#include "tests/support/catch.h"
#include "tests/support/small_training.h"

using namespace torchport;
using component::TrainingState;

namespace {

void check_parts(const component::TrainerOptions& options, int parts, bool stops_early) {
  runtime::WorldOfOne alone;
  test::SmallTraining training(alone);
  training.options = options;
  const auto whole = training.at_once(), cut = training.in_parts();
  CHECK(whole.result.stopped_early == stops_early);
  CHECK(static_cast<int>(whole.result.epochs.size()) * parts == cut.parts);  // after the last validation nobody is asked
  CHECK(cut == whole);
}

}  // namespace

TEST_CASE("resume: a training cut after each update and each validation has the bits of one that never stopped", "[resume]") {
  check_parts(test::plain_options(), 3 + 1, false);
}

TEST_CASE("resume: so has one with an average, accumulated gradients, mixup and growing images", "[resume]") {
  check_parts(test::rich_options(), 3 + 1, false);
}

TEST_CASE("resume: so has one that stops early, and whose best weights are not the last", "[resume]") {
  check_parts(test::stopping_options(), 3 + 1, true);
}

TEST_CASE("resume: a validation that was left off counts for nothing, and is done again", "[resume]") {
  runtime::WorldOfOne alone;
  test::SmallTraining training(alone);
  training.options = test::plain_options();
  training.options.epochs = 2;
  CHECK(training.stopped_while_validating() == training.at_once());
}

TEST_CASE("resume: unreadable images are counted on", "[resume]") {
  const auto images = datasets::ImageDirectory::open(test::original("image_directory_labelled"), "training dataset");
  const test::TemporaryFolder folder;
  runtime::Log log({folder / "log", false});
  component::BadImages before(images, 0.1, log), after(images, 0.1, log);
  before.count(2);
  TrainingState state;
  before.write(state);
  after.read(state);
  CHECK_FALSE(after.report(std::vector<datasets::BadImage>{{0, "a"}}).has_value());
  CHECK_THROWS_WITH(after.count(1), "3 of 24 images of the training dataset cannot be used, more than --max-bad-fraction 0.1");
}

TEST_CASE("resume: what the state lacks, or has in another shape, is our fault", "[resume]") {
  TrainingState state;
  state.set("a", 1.5);
  state.set("t", std::vector<at::Tensor>{at::zeros({2}), at::zeros({3})});
  CHECK_THROWS_WITH(state.integer("a"), "TrainingState: there is no number 'a' of this type");
  CHECK_THROWS_WITH(state.real("b"), "TrainingState: there is no number 'b' of this type");
  CHECK_THROWS_WITH(state.copy_to("t", {at::zeros({2}), at::zeros({4})}),
                    "TrainingState: 't.1' is missing or of another shape or type");
  CHECK_THROWS_WITH(state.copy_to("t", {at::zeros({2})}), "TrainingState: there are more tensors 't'");
  const at::Tensor source = at::ones({2});
  state.set("t", std::vector<at::Tensor>{source, at::zeros({3})});
  source.zero_();
  CHECK(state.tensors("t").at(0).sum().item<float>() == 2);
}
