// How much there is to decode in a HEIC file, before libheif decodes it: an image of tiles may name one large tile 65,536 times.
// Called by read_heif.cpp.
#pragma once
#include <stdexcept>
#include <string_view>

namespace torchport::datasets::heif {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// \throws Failure where the parts of an image have together more pixels than two of the largest images, or the boxes are broken
void check_tiles(std::string_view bytes);

}  // namespace torchport::datasets::heif
