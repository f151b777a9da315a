// The segments of a JPEG file from its beginning to its first scan. Called by header.cpp, mode.cpp, sound.cpp and orientation.cpp.
#pragma once
#include <string>
#include <string_view>

namespace torchport::datasets::images {

/// Walks a file's markers as libjpeg does: bytes that belong to no segment are passed over.
class JpegSegments {
 public:
  explicit JpegSegments(std::string_view bytes) : bytes_(bytes) {}
  /// Goes on to the next marker; false at the end of the bytes.
  bool next();
  unsigned marker() const { return marker_; }             ///< its second byte, e.g. 0xDA for the start of a scan
  bool frame() const;                                     ///< whether it is a frame header: SOF0 to SOF15
  bool whole() const { return body_.size() == length_; }  ///< whether the bytes hold all of the segment
  std::string_view body() const { return body_; }         ///< what follows the segment's length; empty where it has none
  std::size_t end() const { return at_; }                 ///< where the bytes after the segment begin

 private:
  std::string_view bytes_, body_;
  std::size_t at_ = 2, length_ = 0;
  unsigned marker_ = 0;
};

}  // namespace torchport::datasets::images
