#include "runtime/files/sha256.h"

#include <openssl/evp.h>

#include <fstream>

namespace torchport::runtime {
namespace {

void check(int result) {
  if (result != 1) throw std::runtime_error("OpenSSL's SHA-256 failed");
}

std::string hexadecimal(const Sha256::Digest& digest) {
  std::string text;
  for (const unsigned char byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
  check(context_ ? EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) : 0);
}

void Sha256::add(std::string_view piece) { check(EVP_DigestUpdate(context_.get(), piece.data(), piece.size())); }

Sha256::Digest Sha256::finish() {
  Digest digest{};
  check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
  return digest;
}

std::string sha256(const std::filesystem::path& path) {
  // Read in pieces: weights may be larger than the memory that is left.
  std::ifstream file(path, std::ios::binary);
  if (!file) return "";
  Sha256 hash;
  std::vector<char> piece(1 << 20);
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0)
    hash.add({piece.data(), static_cast<std::size_t>(file.gcount())});
  return file.bad() ? "" : hexadecimal(hash.finish());
}

std::string sha256_of(std::string_view text) {
  Sha256 hash;
  hash.add(text);
  return hexadecimal(hash.finish());
}

}  // namespace torchport::runtime
