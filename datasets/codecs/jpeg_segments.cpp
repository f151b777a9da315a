#include "datasets/codecs/jpeg_segments.h"

namespace torchport::datasets::images {

bool JpegSegments::frame() const {
  return marker_ >= 0xC0 && marker_ <= 0xCF && marker_ != 0xC4 && marker_ != 0xC8 && marker_ != 0xCC;
}

bool JpegSegments::next() {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes_[at]); };
  body_ = {};
  length_ = 0;
  marker_ = 0;
  while (marker_ == 0) {  // FF 00 is no marker
    at_ = bytes_.find_first_not_of('\xFF', bytes_.find('\xFF', at_));
    if (at_ == std::string_view::npos) {
      at_ = bytes_.size();
      return false;
    }
    marker_ = byte(at_++);
  }
  if (marker_ == 0x01 || (marker_ >= 0xD0 && marker_ <= 0xD9)) return true;  // markers without a body
  if (bytes_.size() - at_ < 2) {
    length_ = 1;  // not whole
    at_ = bytes_.size();
    return true;
  }
  const std::size_t length = std::size_t{byte(at_)} << 8 | byte(at_ + 1);
  length_ = length < 2 ? 0 : length - 2;
  body_ = bytes_.substr(at_ + 2, length_);
  at_ += 2 + body_.size();
  return true;
}

}  // namespace torchport::datasets::images
