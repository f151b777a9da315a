#include "component/images/trained_input.h"

#include <atomic>

#include "component/images/size_check.h"
#include "datasets/directory/image_sizes.h"
#include "datasets/each.h"
#include "datasets/transforms/applied.h"
#include "runtime/launch/processing_units.h"

namespace torchport::component {
namespace {

using datasets::Transformation;

/// What is noted of a dataset; a note that is not used is named.
std::optional<Transformation> noted(const datasets::ImageDirectory& images, runtime::Log& log) {
  auto applied = datasets::applied_to(images);
  if (!applied.doubt.empty()) log.warning(applied.doubt);
  return applied.transformation;
}

datasets::ImageSize size_of(const models::ModelInput& input) {
  return {static_cast<int>(input.height), static_cast<int>(input.width)};
}

/// How many images get black around them. Their headers are read only where a crop may be larger than what comes to it.
std::size_t count_black(const datasets::ImageDirectory& images, const Transformation& transformation) {
  const auto may = [&](datasets::ImageSize size) {
    try {
      return transformation.blackens(size);
    } catch (const datasets::TransformError&) {
      return true;
    }
  };
  if (!may({1, 1}) && !may({1, 1000}) && !may({1000, 1})) return 0;
  const datasets::ImageSizes sizes(images);
  std::atomic<std::size_t> black = 0;
  datasets::each(images.size(), runtime::processing_units(), [&](std::size_t i) {
    try {
      black += transformation.blackens(sizes.of(i)) ? 1 : 0;
    } catch (const std::runtime_error&) {  // for the reading to report
    }
  });
  return black;
}

}  // namespace

datasets::Normalisation normalisation_of(const models::ModelSpec& spec) {
  if (spec.mean && spec.std_dev) return {*spec.mean, *spec.std_dev};
  return {{0, 0, 0}, {1, 1, 1}};
}

std::optional<Transformation> inference_transformation(const models::ModelDirectory& model) {
  const auto& input = model.spec().input;
  if (!input || !input->transforms) return std::nullopt;
  try {
    return Transformation::parse(*input->transforms).without_random();
  } catch (const std::runtime_error& error) {
    throw runtime::Error(
        "InvalidModelDirectory.broken_input",
        {{"what", model.what()}, {"path", model.root().string()}, {"reason", std::string("its transforms: ") + error.what()}});
  }
}

models::ModelInput trained_input(const datasets::ImageDirectory& train, const datasets::ImageDirectory& valid,
                                 datasets::ImageSize size, runtime::Log& log) {
  const auto of_train = noted(train, log), of_valid = noted(valid, log);
  const auto& transformation = of_valid ? of_valid : of_train;
  models::ModelInput input{size.height, size.width, std::nullopt};
  if (transformation) input.transforms = transformation->json();
  log.info("The model notes the size of its images, " + size_text(size) +
           (transformation ? ", and what photos go through before: " + transformation->names() + "."
                           : "; what photos go through before is not known."));
  return input;
}

void treat_as_trained(datasets::ImageDirectory& images, const models::ModelDirectory& model, runtime::Log& log) {
  if (!model.spec().input) return;
  const auto wanted = inference_transformation(model);
  const auto found = noted(images, log);
  if (!wanted || (found && found->json() == wanted->json())) return;
  if (found || images.transformation()) {
    const Transformation& other = found ? *found : *images.transformation();
    log.warning("The images went through another transformation than those of the training, and get no other here: " +
                other.names() + " " + other.json() + "; in training " + wanted->names() + " " + wanted->json() + ".");
    return;
  }
  if (wanted->operations() == 0) return;
  log.info("The images are transformed whenever they are read, as in training: " + wanted->names() + ", to " +
           size_text(size_of(*model.spec().input)) + ".");
  if (const std::size_t black = count_black(images, *wanted); black > 0)
    log.warning(std::to_string(black) + " of " + std::to_string(images.size()) +
                " images are smaller than the CenterCrop and get black around them.");
  images.carry(*wanted);
}

datasets::ImageSize size_as_trained(const datasets::ImageDirectory& images, const models::ModelDirectory& model, BadImages& bad,
                                    runtime::Control& control) {
  const auto& input = model.spec().input;
  if (!input) return common_size(images, bad, control);
  const auto other = [&](std::vector<runtime::Detail> details) {
    details.push_back({"in training", size_text(size_of(*input))});
    return runtime::Error("InvalidDataset.other_size", {{"what", images.what()}, {"path", images.root().string()}},
                          std::move(details));
  };
  try {
    const auto size = common_size(images, bad, control);
    if (size == size_of(*input)) return size;
    throw other({{"here", size_text(size)}});
  } catch (const runtime::Error& error) {
    if (error.key() != "InvalidDataset.sizes_differ") throw;
    throw other(error.details());
  }
}

}  // namespace torchport::component
