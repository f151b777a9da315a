// SHA-256: identifies the inputs of a run and the steps of a pipeline, finds images that are there twice, and proves that a
// download is what was published.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's

namespace torchport::runtime {

using Sha256 = std::array<std::uint8_t, 32>;

/// Of bytes that come piece by piece.
class Sha256Stream {
 public:
  Sha256Stream();
  void add(const void* bytes, std::size_t count);
  Sha256 end();

 private:
  std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

std::string hexadecimal(const Sha256& digest);

/// Of all parts, one after the other.
Sha256 sha256_digest(std::initializer_list<std::string_view> parts);

/// Of a text: 64 hexadecimal digits.
std::string sha256_of(std::string_view text);

/// Of a file: 64 hexadecimal digits, or "" where it cannot be read.
std::string sha256(const std::filesystem::path& path);

}  // namespace torchport::runtime
