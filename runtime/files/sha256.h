// SHA-256: identifies the inputs of a run and the steps of a pipeline, finds images that are there twice, and proves that a
// download is what was published.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

namespace torchport::runtime {

using Sha256 = std::array<std::uint8_t, 32>;

/// Of all parts, one after the other.
Sha256 sha256_digest(std::initializer_list<std::string_view> parts);

/// Of a text: 64 hexadecimal digits.
std::string sha256_of(std::string_view text);

/// Of a file: 64 hexadecimal digits, or "" where it cannot be read.
std::string sha256(const std::filesystem::path& path);

}  // namespace torchport::runtime
