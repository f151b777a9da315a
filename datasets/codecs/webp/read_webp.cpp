// The first frame of a WebP file through libwebp, on a canvas of transparent black as Pillow makes it.
#include <webp/decode.h>
#include <webp/demux.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>

#include "datasets/codecs/image_module.h"

extern "C" {
extern const int torchport_module_version;
const int torchport_module_version = torchport::datasets::image_module::kVersion;
}

namespace torchport::datasets::image_module {
namespace {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Delete {
  void operator()(WebPDemuxer* file) const { WebPDemuxDelete(file); }
};
using File = std::unique_ptr<WebPDemuxer, Delete>;

/// \throws Failure
File open(const WebPData& data) {
  WebPDemuxState state{};
  File file(WebPDemuxPartial(&data, &state));
  if (file && state == WEBP_DEMUX_DONE) return file;
  throw Failure(state == WEBP_DEMUX_PARSE_ERROR ? "its chunks are broken" : "premature end of data");
}

struct Frame {
  WebPIterator at{};
  explicit Frame(const WebPDemuxer* file) {
    if (WebPDemuxGetFrame(file, 1, &at) == 0) throw Failure("there is no image in it");
  }
  ~Frame() { WebPDemuxReleaseIterator(&at); }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;
};

const char* reason(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return "premature end of data";
    case VP8_STATUS_OUT_OF_MEMORY:
      return "not enough memory";
    default:
      return "the pixels are broken";
  }
}

void decode(const WebPIterator& frame, const Image& image, unsigned char* rgb) {
  const std::size_t stride = std::size_t{3} * image.width;
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) throw Failure("libwebp has another version");
  const VP8StatusCode known = WebPGetFeatures(frame.fragment.bytes, frame.fragment.size, &config.input);
  if (known != VP8_STATUS_OK) throw Failure(reason(known));
  if (config.input.width != frame.width || config.input.height != frame.height) throw Failure("two sizes are given");
  const bool whole = frame.width == static_cast<int>(image.width) && frame.height == static_cast<int>(image.height);
  if (!whole) std::memset(rgb, 0, stride * image.height);
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  const std::size_t begin =
      stride * static_cast<std::size_t>(frame.y_offset) + std::size_t{3} * static_cast<std::size_t>(frame.x_offset);
  config.output.u.RGBA = {rgb + begin, static_cast<int>(stride), stride * image.height - begin};
  const VP8StatusCode status = WebPDecode(frame.fragment.bytes, frame.fragment.size, &config);
  if (status != VP8_STATUS_OK) throw Failure(reason(status));
}

}  // namespace

bool torchport_read_image(const char* bytes, std::size_t size, unsigned char* rgb, Image& image) {
  const WebPData data{reinterpret_cast<const unsigned char*>(bytes), size};
  try {
    const File file = open(data);
    const Frame frame(file.get());
    const std::uint32_t width = WebPDemuxGetI(file.get(), WEBP_FF_CANVAS_WIDTH);
    const std::uint32_t height = WebPDemuxGetI(file.get(), WEBP_FF_CANVAS_HEIGHT);
    if (rgb != nullptr && (width != image.width || height != image.height)) throw Failure("two sizes are given");
    image.width = width;
    image.height = height;
    image.mode = frame.at.has_alpha != 0 ? "RGBA" : "RGB";
    if (rgb != nullptr) decode(frame.at, image, rgb);
    return true;
  } catch (const Failure& failure) {
    std::snprintf(image.reason, sizeof image.reason, "%s", failure.what());
    return false;
  }
}

}  // namespace torchport::datasets::image_module
