// JPEG through libjpeg-turbo. Called by decode.cpp.
#pragma once
#include <string>
#include <string_view>

#include "datasets/codecs/decode.h"

namespace torchport::datasets::images {

/// As datasets::decode_part. \throws ImageError
void decode_jpeg(std::string_view bytes, const ImageHeader& header, const Box& wanted, const DecodeOptions& options,
                 PartOfImage& out);

}  // namespace torchport::datasets::images
