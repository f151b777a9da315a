// One image format: whatever the bytes, its header, mode and pixels are read or refused, and a part has the pixels of the whole.
// Included by the targets of the codecs.
#pragma once
#include "datasets/codecs/decode.h"
#include "datasets/codecs/mode.h"
#include "tests/fuzz/libfuzzer/target.h"

namespace torchport::fuzz {

constexpr std::int64_t kMostPixels = 1 << 20;  ///< so that an input costs little

/// Images of the formats that `wanted` accepts.
template <class Wanted>
int read_image(const std::uint8_t* data, std::size_t size, Wanted&& wanted) {
  const auto bytes = text(data, size);
  return read_or_refuse([&] {
    const datasets::ImageHeader header = datasets::read_header(bytes);
    if (!wanted(header.format) || std::int64_t{header.width} * header.height > kMostPixels) return;
    datasets::image_mode(bytes);
    datasets::Pixels whole;
    datasets::decode(bytes, whole);
    if (whole.width != header.width || whole.height != header.height ||
        whole.rgb.size() != whole.stride() * static_cast<std::size_t>(whole.height))
      std::abort();
    datasets::PartOfImage part;
    const datasets::Box box{header.height / 3, header.width / 3, (header.height + 2) / 3, (header.width + 2) / 3};
    datasets::decode_part(bytes, header, box, {}, part);
    for (int y = box.top; y < box.top + box.height; ++y) {
      const auto* ours = part.pixels.rgb.data() + part.pixels.at(y - part.box.top, box.left - part.box.left);
      if (!std::equal(ours, ours + 3 * box.width, whole.rgb.data() + whole.at(y, box.left))) std::abort();
    }
  });
}

}  // namespace torchport::fuzz
