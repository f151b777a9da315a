#include "datasets/codecs/decode.h"

#include "datasets/codecs/bmp.h"
#include "datasets/codecs/image_modules.h"
#include "datasets/codecs/jpeg.h"
#include "datasets/codecs/png.h"
#include "datasets/codecs/pnm.h"

namespace torchport::datasets {
namespace {

void decode_whole(std::string_view bytes, ImageFormat format, Pixels& out) {
  switch (format) {
    case ImageFormat::jpeg:
      return;  // decode_part's own
    case ImageFormat::png:
      return images::decode_png(bytes, out);
    case ImageFormat::bmp:
      return images::decode_bmp(bytes, out);
    case ImageFormat::pnm:
      return images::decode_pnm(bytes, out);
    case ImageFormat::tiff:
    case ImageFormat::gif:
    case ImageFormat::webp:
    case ImageFormat::heif:
      return images::decode_by_module(bytes, format, out);
  }
}

}  // namespace

void decode_part(std::string_view bytes, const ImageHeader& header, const Box& wanted, const DecodeOptions& options,
                 PartOfImage& out) {
  if (header.format == ImageFormat::jpeg) return images::decode_jpeg(bytes, header, wanted, options, out);
  out.shrink = 1;
  out.box = {0, 0, header.height, header.width};
  out.pixels.reset(out.box.size());
  decode_whole(bytes, header.format, out.pixels);
}

void decode(std::string_view bytes, Pixels& out) {
  const ImageHeader header = read_header(bytes);
  PartOfImage part{std::move(out), {}, 1};
  decode_part(bytes, header, {0, 0, header.height, header.width}, {}, part);
  out = std::move(part.pixels);
}

}  // namespace torchport::datasets
