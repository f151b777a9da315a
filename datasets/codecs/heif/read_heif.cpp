// The primary image of a HEIC file through libheif, turned and cropped as the file says, which is what pillow-heif gives: there is
// no reading without, since a phone stores its sensor's rows. Only where libheif was there when torchport was built.
#include <libheif/heif.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "datasets/codecs/heif/tiles.h"
#include "datasets/codecs/image_module.h"

extern "C" {
extern const int torchport_module_version;
const int torchport_module_version = torchport::datasets::image_module::kVersion;
}

namespace torchport::datasets::image_module {
namespace {

void check(const heif_error& error) {
  if (error.code != heif_error_Ok) throw heif::Failure(error.message != nullptr ? error.message : "the file is broken");
}

struct Free {
  void operator()(heif_context* context) const { heif_context_free(context); }
  void operator()(heif_image_handle* handle) const { heif_image_handle_release(handle); }
  void operator()(heif_image* image) const { heif_image_release(image); }
  void operator()(heif_decoding_options* options) const { heif_decoding_options_free(options); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

void decode(const heif_image_handle* handle, const Image& image, unsigned char* rgb) {
  const Owned<heif_decoding_options> options(heif_decoding_options_alloc());
  options->convert_hdr_to_8bit = 1;
  options->strict_decoding = 1;
  heif_image* made = nullptr;
  check(heif_decode_image(handle, &made, heif_colorspace_RGB, heif_chroma_interleaved_RGB, options.get()));
  const Owned<heif_image> decoded(made);
  int stride = 0;
  const unsigned char* rows = heif_image_get_plane_readonly(made, heif_channel_interleaved, &stride);
  const bool fits = heif_image_get_width(made, heif_channel_interleaved) == static_cast<int>(image.width) &&
                    heif_image_get_height(made, heif_channel_interleaved) == static_cast<int>(image.height);
  if (rows == nullptr || !fits) throw heif::Failure("two sizes are given");
  for (std::uint32_t y = 0; y < image.height; ++y, rows += stride, rgb += std::size_t{3} * image.width)
    std::memcpy(rgb, rows, std::size_t{3} * image.width);
}

}  // namespace

bool torchport_read_image(const char* bytes, std::size_t size, unsigned char* rgb, Image& image) {
  try {
    heif::check_tiles({bytes, size});
    const Owned<heif_context> context(heif_context_alloc());
    heif_context_set_max_decoding_threads(context.get(), 0);  // the caller has threads of its own
    check(heif_context_read_from_memory_without_copy(context.get(), bytes, size, nullptr));
    heif_image_handle* found = nullptr;
    check(heif_context_get_primary_image_handle(context.get(), &found));
    const Owned<heif_image_handle> handle(found);
    const auto width = static_cast<std::uint32_t>(heif_image_handle_get_width(found));
    const auto height = static_cast<std::uint32_t>(heif_image_handle_get_height(found));
    if (rgb != nullptr && (width != image.width || height != image.height)) throw heif::Failure("two sizes are given");
    image.width = width;
    image.height = height;
    image.mode = heif_image_handle_has_alpha_channel(found) != 0 ? "RGBA" : "RGB";
    if (rgb != nullptr) decode(found, image, rgb);
    return true;
  } catch (const std::runtime_error& failure) {
    std::snprintf(image.reason, sizeof image.reason, "%s", failure.what());
    return false;
  }
}

}  // namespace torchport::datasets::image_module
