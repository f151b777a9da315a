#include "datasets/images/decode.h"

#include "datasets/images/codecs.h"

namespace torchport::datasets {

void decode(std::string_view bytes, Pixels& out) {
  const ImageHeader header = read_header(bytes);
  out.reset({header.height, header.width});
  switch (header.format) {
    case ImageFormat::jpeg:
      return images::decode_jpeg(bytes, out);
    case ImageFormat::png:
      return images::decode_png(bytes, out);
    case ImageFormat::bmp:
      return images::decode_bmp(bytes, out);
    case ImageFormat::pnm:
      return images::decode_pnm(bytes, out);
    case ImageFormat::tiff:
      return images::decode_tiff(bytes, out);
    case ImageFormat::webp:
      return images::decode_webp(bytes, out);
  }
}

}  // namespace torchport::datasets
