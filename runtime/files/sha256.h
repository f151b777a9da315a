// SHA-256: identifies the inputs of a run, proves that a download is what was published, and tells images apart. The one place that
// knows OpenSSL's digests.
#pragma once
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace torchport::runtime {

/// The hash of what is added piece by piece.
class Sha256 {
 public:
  using Digest = std::array<unsigned char, 32>;
  Sha256();
  void add(std::string_view piece);
  /// To be called once.
  Digest finish();

 private:
  std::unique_ptr<evp_md_ctx_st, void (*)(evp_md_ctx_st*)> context_;
};

/// 64 hexadecimal digits, or "" where the file cannot be read.
std::string sha256(const std::filesystem::path& path);

/// The same of a text.
std::string sha256_of(std::string_view text);

}  // namespace torchport::runtime
