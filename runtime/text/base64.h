// Bytes as text, in base64 (RFC 4648). Called where a directory's sample images are written, and where a server's requests bring
// images.
#pragma once
#include <string>
#include <string_view>

namespace torchport::runtime {

std::string base64(std::string_view bytes);

/// The bytes of such a text; white space in it counts for nothing. \throws std::runtime_error "is not base64: ..."
std::string decode_base64(std::string_view text);

}  // namespace torchport::runtime
