// Samples of TIFF images as RGB, as Pillow makes them: libtiff's own conversion scales and blends in other ways. Called by
// read_tiff.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "datasets/codecs/tiff/tags.h"

namespace torchport::datasets::tiff {

/// Where the pixels of a row go: the first one, and how far it is from one to the next.
struct Target {
  unsigned char* first;
  std::ptrdiff_t step;
};

class Converter {
 public:
  /// \throws Failure for kinds that are not read
  explicit Converter(const Tags& tags);
  ~Converter();
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  /// Rows in which all samples of a pixel lie together.
  void convert(const std::uint8_t* row, std::uint32_t count, Target to) const;
  /// Rows of one sample only, in the order of the planes: a fourth one changes what the first three have made.
  void convert_plane(unsigned plane, const std::uint8_t* row, std::uint32_t count, Target to) const;

 private:
  struct Lab;
  void grey(const std::uint8_t* row, std::uint32_t count, std::size_t samples, Target to) const;
  const Tags& tags_;
  const Kind kind_;
  std::unique_ptr<Lab> lab_;
};

}  // namespace torchport::datasets::tiff
