// The wheel's module torchport-opencv: its one function by stb_image. OpenCV's image formats would bring 140 libraries, some of
// them GPL.
#include "datasets/codecs/opencv/imdecode.h"

#include <cstring>
#include <limits>
#include <memory>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wall"
#pragma GCC diagnostic ignored "-Wextra"
#pragma GCC diagnostic ignored "-Wshadow"
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#include <stb/stb_image.h>
#pragma GCC diagnostic pop

extern "C" {
extern const int torchport_module_version;
const int torchport_module_version = torchport::datasets::opencv::kVersion;
}

namespace torchport::datasets::opencv {

Imdecode torchport_imdecode(const unsigned char* bytes, std::size_t size, int width, int height, unsigned char* rgb) {
  if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) return Imdecode::broken;
  int found_width = 0, found_height = 0, channels = 0;
  const std::unique_ptr<stbi_uc, void (*)(void*)> pixels(
      stbi_load_from_memory(bytes, static_cast<int>(size), &found_width, &found_height, &channels, 3), stbi_image_free);
  if (!pixels) return Imdecode::broken;
  if (found_width != width || found_height != height) return Imdecode::other_size;
  std::memcpy(rgb, pixels.get(), static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
  return Imdecode::done;
}

}  // namespace torchport::datasets::opencv
