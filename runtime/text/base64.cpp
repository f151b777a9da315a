// Here and not where it is called: OpenSSL is linked behind this library only. libparquet exports an OpenSSL of its own, which
// would be linked, and loaded, for a name that an earlier library asks for.
#include "runtime/text/base64.h"

#include <openssl/evp.h>

#include <stdexcept>

#include "runtime/text/text.h"

namespace torchport::runtime {

std::string base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the zero at the end of a C string
  auto* const to = reinterpret_cast<unsigned char*>(text.data());
  const int length = EVP_EncodeBlock(to, reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

std::string decode_base64(std::string_view text) {
  const auto fail = [](const std::string& reason) { throw std::runtime_error("is not base64: " + reason); };
  constexpr std::string_view kSpace = " \t\r\n";
  std::string clean;
  clean.reserve(text.size());
  for (const char c : text) {
    if (kSpace.find(c) != kSpace.npos) continue;
    const bool known = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
    if (!known && c != '=') fail("it has the character '" + visible({&c, 1}) + "'");
    if (c != '=' && clean.ends_with('=')) fail("it goes on after '='");
    clean += c;
  }
  const std::size_t padding = clean.size() - (clean.find_last_not_of('=') + 1);
  if (clean.size() % 4 != 0 || padding > 2)
    fail("it has " + std::to_string(clean.size()) + " characters, which do not make whole bytes");
  std::string bytes(clean.size() / 4 * 3, '\0');
  const int length = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(clean.data()), static_cast<int>(clean.size()));
  if (length < 0) fail("it cannot be read");
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

}  // namespace torchport::runtime
