// Split Image Directory: divides the images of an ImageDirectory between two, as the original does.
#include "datasets/directory/image_subset.h"
#include "datasets/directory/split.h"
#include "datasets/sources/directory_account.h"
#include "runtime/files/reservation.h"
#include "runtime/launch/processing_units.h"
#include "runtime/pipeline/step_outputs.h"
#include "runtime/request/context.h"

namespace torchport::component {

void split_image_directory(runtime::Context& ctx) {
  const auto images = ctx.open<datasets::ImageDirectory>("images");
  datasets::tell_of_raw(images, ctx.log);
  const auto fraction = ctx.param<double>("fraction");
  const auto seed = static_cast<std::uint32_t>(ctx.param<std::int64_t>("seed"));
  std::optional<datasets::Split> split;
  if (images.labelled()) split = datasets::stratified_split(datasets::strata_of(images), fraction, seed);
  if (!split) {
    if (images.labelled())
      ctx.log.warning(
          "The images are divided without regard to their categories: there is a category with one image, or a side has "
          "fewer images than there are categories.");
    split = datasets::random_split(images.size(), fraction, seed);
  }
  runtime::OutputDirectory first(ctx.output("first")), second(ctx.output("second"));
  runtime::counts_with(first.target(), second.target());  // one half alone would be in the way of the next try
  const auto sharing = runtime::sharing_of_outputs(images.root(), first.target());
  const bool together = sharing == runtime::sharing_of_outputs(images.root(), second.target());
  const auto counts = datasets::write_subsets(images, {{split->first, first}, {split->second, second}},
                                              together ? sharing : runtime::Sharing::blocks, runtime::processing_units(), &ctx.log);
  ctx.log.info(std::to_string(split->first.size()) + " images in " + first.target().string() + ", " +
               std::to_string(split->second.size()) + " in " + second.target().string());
  ctx.record.set("summary",
                 std::to_string(split->first.size()) + " images and " + std::to_string(split->second.size()) + " others");
  if (counts.linked + counts.cloned > 0) ctx.log.info(counts.text() + " files.");
}

}  // namespace torchport::component
