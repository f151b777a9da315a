// The kind of pixels that an image file holds. Called by datasets/doctor/.
#pragma once
#include <string>
#include <string_view>

namespace torchport::datasets {

/// Format and mode of the file as Pillow names them, e.g. "PNG RGBA", "JPEG L". \throws ImageError as read_header
std::string image_mode(std::string_view bytes);

}  // namespace torchport::datasets
