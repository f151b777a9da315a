// What Apply Image Transformation asks of its two inputs. Whether crops fit the images is the component's to see: it opens all of
// them.
#include "component/check.h"
#include "datasets/directory/image_directory.h"
#include "datasets/transforms/transformation_directory.h"

namespace torchport::component {

void apply_image_transformation(const runtime::Request& request, runtime::Problems& problems) {
  if (const auto given = request.inputs.find("transformation"); given != request.inputs.end()) {
    problems.collect([&] { datasets::open_transformation(given->second, request.component->input("transformation")->what()); });
  }
  if (const auto given = request.inputs.find("images"); given != request.inputs.end()) {
    problems.collect([&] {
      const std::string what = request.component->input("images")->what();
      const auto images = datasets::ImageDirectory::open(given->second, what);
      if (!images.transformation()) return;
      throw runtime::Error("InvalidDataset.carries_transforms", {{"what", what}, {"path", given->second.string()}});
    });
  }
}

}  // namespace torchport::component
