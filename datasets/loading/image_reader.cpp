#include "datasets/loading/image_reader.h"

#include <cstring>

#include "datasets/trace.h"
#include "runtime/files/files.h"
#include "runtime/text/format.h"

namespace torchport::datasets {
namespace {

std::string text(ImageSize size) { return runtime::size_text(size.width, size.height); }

}  // namespace

ImageReader::ImageReader(const ImageDirectory& images, ImageSize size, const ReaderOptions& options)
    : images_(images),
      size_(size),
      transformation_(carried(images, options.augmentation_seed.has_value())),
      seed_(options.augmentation_seed.value_or(0)),
      fast_(options.fast),
      cache_(images.size(), options.cache),
      sound_(images.size()) {}

void ImageReader::read(std::size_t image, std::int64_t epoch, std::uint32_t draw, Scratch& scratch, std::uint8_t* out) {
  const DrawKey key{seed_, epoch, image, draw};
  if (const PartOfImage* kept = cache_.find(image)) {
    transform(*kept, beginning(kept->pixels.size(), key), key, scratch, out);
    return;
  }
  Span reading("read");
  const std::string bytes = runtime::read_file(images_.path(image), kMaxImageFile);
  reading.end();
  const ImageHeader header = read_header(bytes);
  const auto first = beginning({header.height, header.width}, key);
  Span decoding("decode", static_cast<std::int64_t>(bytes.size()));
  const PartOfImage& part = decoded(image, bytes, header, first.placement, scratch);
  decoding.end();
  transform(part, first, key, scratch, out);
}

Transformation::Beginning ImageReader::beginning(ImageSize from, const DrawKey& key) const {
  if (transformation_) return transformation_->beginning(from, key);
  return {Placement::whole(from), 0, from};
}

// An image's first reading goes through all of its bytes, wherever the crop ends, and only a sound image is read in part
// afterwards. So what is damaged is found in the first epoch, and again in each one after it: batches don't depend on what was read
// before.
const PartOfImage& ImageReader::decoded(std::size_t image, std::string_view bytes, const ImageHeader& header,
                                        const Placement& placement, Scratch& scratch) {
  const ImageSize whole{header.height, header.width};
  DecodeOptions options;
  options.fast = fast_;
  if (cache_.reserve(whole)) {
    PartOfImage made;
    try {
      decode_part(bytes, header, {0, 0, whole.height, whole.width}, options, made);
    } catch (...) {
      cache_.give_up(whole);
      throw;
    }
    return cache_.keep(image, std::move(made));
  }
  // With a cache nothing is made smaller while it is decoded: which images it has room for must not show.
  const bool smaller = fast_ && !cache_.on() && header.format == ImageFormat::jpeg;
  options.shrink = smaller ? shrink_before(placement) : 1;
  options.to_the_end = !sound_[image].load(std::memory_order_relaxed);
  decode_part(bytes, header, source_of(placement), options, scratch.part);
  sound_[image].store(true, std::memory_order_relaxed);
  return scratch.part;
}

void ImageReader::transform(const PartOfImage& in, const Transformation::Beginning& first, const DrawKey& key, Scratch& scratch,
                            std::uint8_t* out) const {
  const Span span("transform", std::int64_t{3} * size_.height * size_.width);
  const bool all = !transformation_ || first.operations == transformation_->operations();
  const auto check = [&](ImageSize size) {
    if (size != size_) throw ImageError(text(size) + " pixels instead of " + text(size_));
  };
  if (all) {
    check(first.size);
    place(in, first.placement, scratch.place, out);
    return;
  }
  scratch.pixels.reset(first.size);
  place(in, first.placement, scratch.place, scratch.pixels.rgb.data());
  transformation_->apply_after(first, scratch.pixels, key);
  check(scratch.pixels.size());
  std::memcpy(out, scratch.pixels.rgb.data(), scratch.pixels.rgb.size());
}

}  // namespace torchport::datasets
