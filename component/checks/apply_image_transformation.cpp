// What Apply Image Transformation asks of its two inputs. Whether crops fit the images is the component's to see: it asks for the
// sizes of all of them.
#include "component/check.h"
#include "datasets/directory/image_directory.h"
#include "datasets/transforms/transformation_directory.h"

namespace torchport::component {
namespace {

/// The directory of a port, kept for the component, or nothing where the port has a fault.
template <class Directory, class... More>
std::optional<Directory> open(const runtime::Request& request, const char* port, runtime::Problems& problems, More... more) {
  const auto given = request.inputs.find(port);
  std::optional<Directory> opened;
  if (given != request.inputs.end())
    problems.collect([&] { opened = Directory::open(given->second, request.component->input(port)->what(), more...); });
  return opened;
}

}  // namespace

void apply_image_transformation(const runtime::Request& request, runtime::Problems& problems) {
  if (auto transformation = open<datasets::TransformationDirectory>(request, "transformation", problems))
    request.keep("transformation", std::move(*transformation));
  auto images = open<datasets::ImageDirectory>(request, "images", problems, datasets::Annotations::any);
  if (!images) return;
  if (images->transformation())
    problems.add(
        runtime::Error("InvalidDataset.carries_transforms", {{"what", images->what()}, {"path", images->root().string()}}));
  request.keep("images", std::move(*images));
}

}  // namespace torchport::component
