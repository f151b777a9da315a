// What Convert to Image Directory asks of its options: what they name must be there and legal before
// anything is converted.
#include "component/check.h"
#include "datasets/sources/image_source.h"
#include "datasets/sources/labels_file.h"
#include "datasets/sources/path_map.h"
#include "runtime/error/error.h"

namespace torchport::component {

void convert_to_image_directory(const runtime::Request& request, runtime::Problems& problems) {
  if (request.has("labels")) problems.collect([&] { datasets::read_labels(request.get<std::string>("labels")); });
  if (!request.has("path_map")) return;
  problems.collect([&] {
    for (const datasets::MappedPrefix& one : datasets::read_path_map(request.get<std::string>("path_map")))
      if (std::error_code none; !std::filesystem::is_directory(one.folder, none))
        throw runtime::Error("ParameterParsing.path_map_folder", {{"prefix", one.prefix}, {"path", one.folder.string()}});
  });
}

}  // namespace torchport::component
