#include "datasets/sources/zip_end.h"

#include <fstream>

namespace torchport::datasets {
namespace {

constexpr std::uint64_t kEnd = 22, kLongestComment = 65535, kLocator = 20, kWideEnd = 56;

std::uint64_t number(const std::string& bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8 | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

}  // namespace

std::optional<ZipEnd> zip_end(const std::filesystem::path& file) {
  const std::uint64_t size = std::filesystem::file_size(file);
  std::string tail(std::min(size, kEnd + kLongestComment + kLocator + kWideEnd), '\0');
  std::ifstream in(file, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(size - tail.size()));
  if (!in.read(tail.data(), static_cast<std::streamsize>(tail.size()))) throw std::runtime_error("it cannot be read");
  const std::size_t at = tail.rfind("PK\x05\x06");
  if (at == tail.npos || at + kEnd > tail.size()) return std::nullopt;
  ZipEnd end{number(tail, at + 10, 2), false, number(tail, at + 4, 4) != 0};  // numbers of this part and of the directory's
  const std::size_t wide = at - std::min<std::size_t>(at, kLocator + kWideEnd);
  if (at >= kLocator + kWideEnd && tail.compare(wide, 4, "PK\x06\x06") == 0 && tail.compare(at - kLocator, 4, "PK\x06\x07") == 0) {
    end.entries = number(tail, wide + 32, 8);
    end.wide = true;
  }
  return end;
}

}  // namespace torchport::datasets
