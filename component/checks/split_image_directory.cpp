// What Split Image Directory asks of its input and fraction together: an image for each side.
#include "component/check.h"
#include "datasets/directory/image_directory.h"
#include "runtime/text/python_json.h"

namespace torchport::component {

void split_image_directory(const runtime::Request& request, runtime::Problems& problems) {
  const auto path = request.inputs.find("images");
  if (path == request.inputs.end()) return;
  const std::string what = request.component->input("images")->what();
  problems.collect([&] {
    auto images = datasets::ImageDirectory::open(path->second, what, datasets::Annotations::any);
    const std::size_t count = images.size();
    request.keep("images", std::move(images));
    if (count < 2) throw runtime::Error("InvalidDataset.one_image", {{"what", what}, {"path", path->second.string()}});
    if (!request.has("fraction")) return;
    const double fraction = request.get<double>("fraction"), least = 1 / static_cast<double>(count);
    if (fraction >= least && fraction <= 1 - least) return;
    throw runtime::Error("NotInRangeValue.fraction", {{"value", runtime::python_float(fraction)},
                                                      {"low", runtime::python_float(least)},
                                                      {"high", runtime::python_float(1 - least)},
                                                      {"count", std::to_string(count)}});
  });
}

}  // namespace torchport::component
