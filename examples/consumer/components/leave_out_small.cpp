// Leave Out Small: an image directory without its images that are smaller than asked for. The component `leave_out_small`.
#include "datasets/directory/image_directory.h"
#include "datasets/directory/image_sizes.h"
#include "datasets/directory/image_subset.h"
#include "runtime/files/output_directory.h"
#include "runtime/request/context.h"

namespace torchport::component {

void leave_out_small(runtime::Context& ctx) {
  const auto images = ctx.open<datasets::ImageDirectory>("images");
  const auto least = ctx.param<std::int64_t>("least");
  const datasets::ImageSizes sizes(images);
  std::vector<std::uint32_t> kept;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto size = sizes.of(i);
    if (std::min(size.height, size.width) >= least) kept.push_back(static_cast<std::uint32_t>(i));
  }
  ctx.log.info(std::to_string(kept.size()) + " of " + std::to_string(images.size()) + " images are large enough.");
  runtime::OutputDirectory output(ctx.output("output"));
  datasets::write_subsets(images, {{kept, output}});
}

}  // namespace torchport::component
