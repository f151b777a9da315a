// Bytes as text, in base64 (RFC 4648). Called where a directory's sample images are written.
#pragma once
#include <string>
#include <string_view>

namespace torchport::runtime {

std::string base64(std::string_view bytes);

}  // namespace torchport::runtime
