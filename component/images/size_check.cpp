#include "component/images/size_check.h"

#include <algorithm>
#include <array>

#include "datasets/loading/size_scan.h"
#include "runtime/launch/processing_units.h"
#include "runtime/text/format.h"

namespace torchport::component {

namespace {

std::string described(const datasets::ImageDirectory& images, std::uint32_t index, datasets::ImageSize size) {
  return std::string(images.file(index)) + "   " + size_text(size);
}

}  // namespace

datasets::ImageSize common_size(const datasets::ImageDirectory& images, BadImages& bad, runtime::Control& control, bool augmented) {
  const auto scan = datasets::scan_sizes(images, control.rank(), control.size(), runtime::processing_units(), augmented);
  if (!scan.doubts.empty()) bad.log().warning(scan.doubts);
  bad.start_pass();
  control.agree(bad.report(scan.bad));
  auto count = static_cast<double>(scan.bad.size());
  control.sum({&count, 1});
  bad.count(count);

  // Every rank compares what it found with the first readable image of the lowest rank that has one.
  const std::int64_t source = control.least(scan.size.width > 0 ? control.rank() : control.size());
  if (source == control.size())
    control.agree(scan.bad.empty() ? std::nullopt : std::optional(error_of_all(images, scan.bad.front())));
  bad.check_categories(control);
  std::array<std::int64_t, 3> first = {scan.first, scan.size.height, scan.size.width};
  control.broadcast(first.data(), sizeof(first), static_cast<int>(source));
  const datasets::ImageSize reference{static_cast<int>(first[1]), static_cast<int>(first[2])};

  std::optional<runtime::Error> differs;
  const auto report = [&](std::uint32_t index, datasets::ImageSize size) {
    differs = runtime::Error("InvalidDataset.sizes_differ", {{"what", images.what()}, {"path", images.root().string()}},
                             {{"one image", described(images, static_cast<std::uint32_t>(first[0]), reference)},
                              {"another", described(images, index, size)}});
  };
  if (scan.size.width > 0 && scan.size != reference) {
    report(scan.first, scan.size);
  } else if (scan.different) {
    report(*scan.different, scan.different_size);
  }
  control.agree(differs);
  return reference;
}

void check_minimum_size(const datasets::ImageDirectory& images, datasets::ImageSize size, const models::ModelSpec& model) {
  const std::int64_t minimum = model.component->architecture->minimum_size;
  if (std::min(size.width, size.height) >= minimum) return;
  throw runtime::Error("InvalidDataset.too_small", {{"what", images.what()},
                                                    {"path", images.root().string()},
                                                    {"size", size_text(size)},
                                                    {"model", model.variant->name},
                                                    {"minimum", std::to_string(minimum)}});
}

std::string size_text(datasets::ImageSize size) { return runtime::size_text(size.width, size.height); }

}  // namespace torchport::component
