// TIFF images.
#include "tests/fuzz/libfuzzer/image_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using torchport::datasets::ImageFormat;
  return torchport::fuzz::read_image(data, size, [](ImageFormat format) { return format == ImageFormat::tiff; });
}
