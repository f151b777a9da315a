// Images of any format: what the beginning of a file says it is, and BMP, WebP and whatever has no target of its own.
#include "tests/fuzz/libfuzzer/image_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return torchport::fuzz::read_image(data, size, [](auto) { return true; });
}
