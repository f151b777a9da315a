// What Init Image Transformation asks of its parameters together: a letterbox has to be made, and a crop of it may not cut off what
// it keeps.
#include "component/check.h"
#include "runtime/request/parse_value.h"

namespace torchport::component {
void init_image_transformation(const runtime::Request& request, runtime::Problems& problems) {
  for (const char* name : {"resize_method", "resize", "center_crop", "size", "crop_size"})
    if (!request.has(name)) return;
  if (request.get<std::string>("resize_method") != "letterbox") return;
  if (!request.get<bool>("resize")) problems.add(runtime::Error("ParameterParsing.letterbox_without_resize"));
  if (!request.get<bool>("center_crop")) return;
  const auto &size = request.get<runtime::Lengths>("size"), &crop = request.get<runtime::Lengths>("crop_size");
  if (crop.front() < size.front() || crop.back() < size.back())
    problems.add(runtime::Error("GreaterThanOrEqualTo.letterbox_crop",
                                {{"value", runtime::text_of_value(crop)}, {"low", runtime::text_of_value(size)}}));
}

}  // namespace torchport::component
