// What Convert to Image Directory asks of its options: the file of category names must be legal before anything is converted.
#include "component/check.h"
#include "datasets/sources/image_source.h"
#include "datasets/sources/labels_file.h"

namespace torchport::component {

void convert_to_image_directory(const runtime::Request& request, runtime::Problems& problems) {
  if (!request.has("labels")) return;
  problems.collect([&] { datasets::read_labels(request.get<std::string>("labels")); });
}

}  // namespace torchport::component
