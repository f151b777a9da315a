// What Split Image Directory asks of its input and fraction together: an image for each side.
#include "component/check.h"
#include "datasets/directory/image_directory.h"

namespace torchport::component {
namespace {

std::string text_of(double value) {
  std::array<char, 32> digits{};
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

}  // namespace

void split_image_directory(const runtime::Request& request, runtime::Problems& problems) {
  const auto path = request.inputs.find("images");
  if (path == request.inputs.end()) return;
  const std::string what = request.component->input("images")->what();
  problems.collect([&] {
    auto images = datasets::ImageDirectory::open(path->second, what);
    const std::size_t count = images.size();
    request.keep("images", std::move(images));
    if (count < 2) throw runtime::Error("InvalidDataset.one_image", {{"what", what}, {"path", path->second.string()}});
    if (!request.has("fraction")) return;
    const double fraction = request.get<double>("fraction"), least = 1 / static_cast<double>(count);
    if (fraction >= least && fraction <= 1 - least) return;
    throw runtime::Error(
        "NotInRangeValue.fraction",
        {{"value", text_of(fraction)}, {"low", text_of(least)}, {"high", text_of(1 - least)}, {"count", std::to_string(count)}});
  });
}

}  // namespace torchport::component
