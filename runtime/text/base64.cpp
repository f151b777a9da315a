// Here and not where it is called: OpenSSL is linked behind this library only. libparquet exports an OpenSSL of its own, which
// would be linked, and loaded, for a name that an earlier library asks for.
#include "runtime/text/base64.h"

#include <openssl/evp.h>

namespace torchport::runtime {

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the zero at the end of a C string
  auto* const to = reinterpret_cast<unsigned char*>(text.data());
  const int length = EVP_EncodeBlock(to, reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

}  // namespace torchport::runtime
