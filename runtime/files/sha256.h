// SHA-256 of a file: identifies the inputs of a run, and proves that a download is what was published.
#pragma once
#include <filesystem>
#include <string>

namespace torchport::runtime {

/// 64 hexadecimal digits, or "" where the file cannot be read.
std::string sha256(const std::filesystem::path& path);

}  // namespace torchport::runtime
