// The record at the end of a ZIP archive, which says how many entries it has. Called by unpack: libarchive tells neither that
// number nor what is wrong with an end.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

namespace torchport::datasets {

struct ZipEnd {
  std::uint64_t entries = 0;
  bool wide = false;   ///< the number is of zip64; else of 16 bits, and of some writers what is left of it in them
  bool parts = false;  ///< the archive is one of several
  bool counts(std::uint64_t found) const { return (wide ? found : found % 0x10000) == entries; }
};

/// Nothing where the file has no such record. \throws std::runtime_error where it cannot be read
std::optional<ZipEnd> zip_end(const std::filesystem::path& file);

}  // namespace torchport::datasets
