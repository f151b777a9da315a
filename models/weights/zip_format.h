// The numbers of the zip format (PKWARE's APPNOTE.TXT, section 4) that its reader and its writer share.
#pragma once
#include <cstddef>
#include <cstdint>

namespace torchport::models::zip {

inline constexpr std::uint32_t kHeaderSignature = 0x04034b50, kDescriptorSignature = 0x08074b50, kEntrySignature = 0x02014b50,
                               kEndSignature = 0x06054b50, kEnd64Signature = 0x06064b50, kLocatorSignature = 0x07064b50;
inline constexpr std::size_t kHeaderSize = 30, kEndSize = 22, kEnd64Size = 56, kLocatorSize = 20, kDescriptorSize = 16,
                             kDescriptorSize64 = 24;
inline constexpr std::uint16_t kStored = 0;                     ///< compression method
inline constexpr std::uint16_t kVersion = 20, kVersion64 = 45;  ///< needed to read the archive
inline constexpr std::uint16_t kFirstDate = 1 << 5 | 1;         ///< 1980-01-01: the same weights are the same bytes
inline constexpr std::uint16_t kDescriptorFlag = 1 << 3, kUtf8Flag = 1 << 11;
inline constexpr std::uint16_t kZip64Extra = 1;                       ///< id of the extra field with 64-bit sizes
inline constexpr std::uint64_t kMax16 = 0xFFFF, kMax32 = 0xFFFFFFFF;  ///< "the zip64 field has it"

}  // namespace torchport::models::zip
