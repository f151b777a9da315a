// Under which name and in which form Convert to Image Directory stores an image: the original takes nine extensions and neither GIF
// nor HEIC files by their names. Called by datasets/sources/.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "datasets/codecs/header.h"

namespace torchport::datasets {

/// What becomes of a file.
struct Stored {
  std::string suffix;      ///< to be put behind its name; empty where the original takes the name
  bool as_png = false;     ///< its pixels are stored as PNG, which loses nothing; else its bytes are
  std::int64_t bytes = 0;  ///< of the file when it was looked at
};

/// The original reads what Pillow reads, so that a file whose name it takes stays as it is, but for HEIC.
Stored stored_as(std::string_view file_name, ImageFormat format);

/// The bytes of a PNG file of the same pixels. \throws ImageError
std::string as_png(std::string_view bytes);

}  // namespace torchport::datasets
