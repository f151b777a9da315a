// TIFF, GIF, WebP and HEIC by the modules beside the programs. Called by decode.cpp, header.cpp and mode.cpp.
#pragma once
#include <string>
#include <string_view>

#include "datasets/codecs/decode.h"

namespace torchport::datasets::images {

/// \throws ImageError, or Error FailedToCompleteOperation.no_module, module_version
ImageHeader module_header(std::string_view bytes, ImageFormat format);
/// Pillow's name of its mode. \throws as module_header
std::string module_mode(std::string_view bytes, ImageFormat format);
/// Fills `out.rgb`, which has its size, from bytes whose header read_header() has accepted. \throws as module_header
void decode_by_module(std::string_view bytes, ImageFormat format, Pixels& out);

}  // namespace torchport::datasets::images
