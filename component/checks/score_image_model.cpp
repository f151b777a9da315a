// What Score Image Model asks of its dataset before anything is read of its images: that its index is whole.
#include "component/check.h"
#include "datasets/directory/image_directory.h"

namespace torchport::component {

void score_image_model(const runtime::Request& request, runtime::Problems& problems) {
  const auto path = request.inputs.find("dataset");
  if (path == request.inputs.end()) return;
  problems.collect(
      [&] { request.keep("dataset", datasets::ImageDirectory::open(path->second, request.component->input("dataset")->what())); });
}

}  // namespace torchport::component
