// Apply Image Transformation: an image directory and a transformation in, an image directory out, whose images are transformed or
// which carries the transformation.
#include "datasets/transforms/apply_transformation.h"
#include "datasets/transforms/transformation_directory.h"
#include "runtime/launch/processing_units.h"
#include "runtime/request/context.h"

namespace torchport::component {

void apply_image_transformation(runtime::Context& ctx) {
  const std::string what = ctx.spec().input("images")->what();
  const auto images = datasets::ImageDirectory::open(ctx.input("images"), what);
  auto transformation = datasets::open_transformation(ctx.input("transformation"), ctx.spec().input("transformation")->what());
  if (ctx.param<std::string>("mode") == "For inference") transformation = transformation.without_random();
  const int threads =
      ctx.request.has("threads") ? static_cast<int>(ctx.param<std::int64_t>("threads")) : runtime::processing_units();
  datasets::check_transformable(images, transformation, what, threads);
  const std::string count = std::to_string(images.size()) + " images";
  if (ctx.param<std::string>("when") == "once") {
    datasets::transform_once(images, transformation, ctx.param<std::int64_t>("random_seed"), threads, what, ctx.output("output"));
    ctx.log.info("Transformed " + count + ": " + transformation.names() + ".");
  } else {
    datasets::carry_transformation(images, transformation, ctx.output("output"));
    ctx.log.info("Copied " + count + ", to be transformed whenever they are read: " + transformation.names() + ".");
  }
}

}  // namespace torchport::component
