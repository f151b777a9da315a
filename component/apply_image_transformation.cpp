// Apply Image Transformation: an image directory and a transformation in, an image directory out, whose images are transformed or
// which carries the transformation.
#include "datasets/sources/directory_account.h"
#include "datasets/transforms/apply_transformation.h"
#include "datasets/transforms/transformation_directory.h"
#include "runtime/launch/processing_units.h"
#include "runtime/pipeline/step_outputs.h"
#include "runtime/request/context.h"

namespace torchport::component {

void apply_image_transformation(runtime::Context& ctx) {
  const auto images = ctx.open<datasets::ImageDirectory>("images");
  datasets::tell_of_raw(images, ctx.log);
  auto transformation = ctx.open<datasets::TransformationDirectory>("transformation").transformation;
  if (ctx.param<std::string>("mode") == "For inference") transformation = transformation.without_random();
  const int threads =
      ctx.request.has("threads") ? static_cast<int>(ctx.param<std::int64_t>("threads")) : runtime::processing_units();
  datasets::UnusableImages unusable(images, ctx.param<double>("max_bad_fraction"));
  auto sizes = datasets::check_transformable(images, transformation, threads, unusable, ctx.log);
  const std::filesystem::path& output = ctx.output("output");
  const auto seed = ctx.param<std::int64_t>("random_seed");
  const bool once = ctx.param<std::string>("when") == "once";
  if (once) {
    datasets::transform_once(images, transformation, seed, threads, output, unusable, ctx.log);
    unusable.report(ctx.log);
    ctx.log.info("Transformed " + std::to_string(images.size() - unusable.count()) + " images: " + transformation.names() + ".");
  } else {
    const auto sharing = runtime::sharing_of_outputs(images.root(), output);
    const auto counts =
        datasets::carry_transformation(images, transformation, output, {std::move(sizes), sharing, threads, &unusable, &ctx.log});
    unusable.report(ctx.log);
    ctx.log.info(counts.text() + " images, to be transformed whenever they are read: " + transformation.names() + ".");
  }
  ctx.record.set("summary", std::to_string(images.size() - unusable.count()) + " images" +
                                (once ? " transformed" : ", to be transformed whenever they are read"));
}

}  // namespace torchport::component
