#include "datasets/codecs/image_modules.h"

#include <exception>

#include "datasets/codecs/image_module.h"
#include "datasets/codecs/reader.h"
#include "runtime/error/error.h"
#include "runtime/module.h"

namespace torchport::datasets::images {
namespace {

using image_module::Image;
using image_module::ReadFunction;

ReadFunction* load(const char* module, const char* purpose) {
  return reinterpret_cast<ReadFunction*>(runtime::load_function({module, purpose, image_module::kVersion}, "torchport_read_image"));
}

/// HEIC is read where the system has libheif: without it an image is not usable here, which is said of each.
ReadFunction* load_heif() {
  static ReadFunction* const read = []() -> ReadFunction* {
    try {
      return load("torchport-heif", "decodes HEIC images");
    } catch (const runtime::Error&) {
      return nullptr;
    }
  }();
  if (read == nullptr) {
    throw ImageError(
        "HEIC images need the library libheif (Debian: libheif1) and the module torchport-heif.so, which is built where "
        "libheif-dev is installed; or save them as JPEG");
  }
  return read;
}

ReadFunction* module_of(ImageFormat format) {
  if (format == ImageFormat::tiff) {
    static ReadFunction* const read = load("torchport-tiff", "decodes TIFF images");
    return read;
  }
  if (format == ImageFormat::gif) {
    static ReadFunction* const read = load("torchport-gif", "decodes GIF images");
    return read;
  }
  if (format == ImageFormat::webp) {
    static ReadFunction* const read = load("torchport-webp", "decodes WebP images");
    return read;
  }
  return load_heif();
}

const char* name_of(ImageFormat format) {
  return format == ImageFormat::tiff   ? "TIFF: "
         : format == ImageFormat::gif  ? "GIF: "
         : format == ImageFormat::webp ? "WebP: "
                                       : "HEIC: ";
}

/// The header and, where `rgb` is not null, the pixels of an image of the size that `image` has. \throws ImageError
void read(std::string_view bytes, ImageFormat format, unsigned char* rgb, Image& image) {
  if (!module_of(format)(bytes.data(), bytes.size(), rgb, image)) throw ImageError(name_of(format) + std::string(image.reason));
}

}  // namespace

ImageHeader module_header(std::string_view bytes, ImageFormat format) {
  Image image;
  read(bytes, format, nullptr, image);
  return header_of(format, image.width, image.height);
}

std::string module_mode(std::string_view bytes, ImageFormat format) {
  Image image;
  read(bytes, format, nullptr, image);
  return image.mode;
}

void decode_by_module(std::string_view bytes, ImageFormat format, Pixels& out) {
  Image image{static_cast<std::uint32_t>(out.width), static_cast<std::uint32_t>(out.height)};
  read(bytes, format, out.rgb.data(), image);
}

}  // namespace torchport::datasets::images
