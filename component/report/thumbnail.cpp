#include "component/report/thumbnail.h"

#include <algorithm>

#include "datasets/codecs/decode.h"
#include "datasets/codecs/jpeg_writer.h"
#include "datasets/pixels/placement.h"
#include "runtime/files/files.h"
#include "runtime/text/base64.h"

namespace torchport::component {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr int kQuality = 80;

}  // namespace

std::string thumbnail(const std::filesystem::path& image) {
  const std::string bytes = runtime::read_file(image, kMostBytes);
  const datasets::ImageHeader header = datasets::read_header(bytes);
  const double scale = std::min(1.0, kThumbnailSide / static_cast<double>(std::max(header.width, header.height)));
  const auto scaled = [&](int length) { return std::max(1, static_cast<int>(length * scale + 0.5)); };
  const auto placement = datasets::Placement::resized(
      {0, 0, header.height, header.width}, {scaled(header.height), scaled(header.width)}, datasets::Interpolation::bilinear);
  datasets::PartOfImage part;
  datasets::DecodeOptions options;
  options.fast = true;
  options.to_the_end = false;
  options.shrink = header.format == datasets::ImageFormat::jpeg ? datasets::shrink_before(placement) : 1;
  datasets::decode_part(bytes, header, datasets::source_of(placement), options, part);
  datasets::Pixels small;
  small.reset(placement.part.size());
  datasets::PlaceScratch scratch;
  datasets::place(part, placement, scratch, small.rgb.data());
  return "data:image/jpeg;base64," + runtime::base64(datasets::encode_jpeg(small, kQuality));
}

}  // namespace torchport::component
