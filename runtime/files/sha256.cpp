#include "runtime/files/sha256.h"

#include <openssl/evp.h>

#include <fstream>
#include <stdexcept>
#include <vector>

namespace torchport::runtime {
namespace {

void require(bool good) {
  if (!good) throw std::runtime_error("OpenSSL has no SHA-256");
}

}  // namespace

Sha256Stream::Sha256Stream() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  require(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

void Sha256Stream::add(const void* bytes, std::size_t count) { require(EVP_DigestUpdate(context_.get(), bytes, count) == 1); }

Sha256 Sha256Stream::end() {
  Sha256 digest{};
  require(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
  return digest;
}

std::string hexadecimal(const Sha256& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

Sha256 sha256_digest(std::initializer_list<std::string_view> parts) {
  Sha256Stream hash;
  for (const std::string_view part : parts) hash.add(part.data(), part.size());
  return hash.end();
}

std::string sha256_of(std::string_view text) { return hexadecimal(sha256_digest({text})); }

std::string sha256(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return "";
  Sha256Stream hash;
  std::vector<char> piece(1 << 20);  // weights may be larger than the memory that is left
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0)
    hash.add(piece.data(), static_cast<std::size_t>(file.gcount()));
  return file.bad() ? "" : hexadecimal(hash.end());
}

}  // namespace torchport::runtime
