// Bits and Huffman codes of JPEG, as jpeg_codes.cpp reads them (ITU T.81, annex F).
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstdio>  // jpeglib.h needs FILE
#include <cstring>

#include <jpeglib.h>

namespace torchport::datasets::images {

/// The bits of some bytes, one after another from the highest on.
struct JpegBits {
  const std::uint8_t* next;  ///< not yet in `bits`, or not as a whole
  std::uint64_t bits = 0;    ///< begin with the next one
  std::uint32_t held = 0;    ///< how many are taken from before `next`; those after them are taken again

  /// Reads `sizeof bits` bytes, after which 56 bits or more are held.
  void fill() {
    std::uint64_t eight;
    std::memcpy(&eight, next, sizeof eight);
    if constexpr (std::endian::native == std::endian::little) eight = __builtin_bswap64(eight);
    bits |= eight >> held;
    next += (63 - held) / 8;
    held |= 56;
  }
  void skip(std::uint32_t count) {
    bits <<= count;
    held -= count;
  }
  /// The first byte of which no bit was skipped.
  const std::uint8_t* end() const { return next - held / 8; }
};

/// One Huffman table.
class JpegCodeTable {
 public:
  /// What a code stands for: so many coefficients that are 0, and then one whose `size` bits follow.
  struct Symbol {
    std::uint8_t length;  ///< of the code, bits
    std::uint8_t size;
    std::uint8_t zeros;
    std::uint8_t bits;  ///< length + size
  };
  /// The most bits of a symbol.
  static constexpr std::uint32_t kMostBits = 16 + 15;
  /// In place of zeros: the block's other coefficients are 0, or no code is like this.
  static constexpr std::uint8_t kEndOfBlock = DCTSIZE2, kNoCode = 2 * DCTSIZE2;

  /// `table` has passed libjpeg's checks. \p of_ac whether of AC coefficients or of the differences of DC coefficients
  void set(const JHUFF_TBL& table, bool of_ac);

  /// The symbol with which `bits` begin.
  Symbol read(std::uint64_t bits) const {
    const Symbol symbol = short_[bits >> (64 - kShort)];
    return symbol.length != 0 ? symbol : read_long(bits);
  }

 private:
  static constexpr std::uint32_t kShort = 10, kLongest = 16;
  Symbol read_long(std::uint64_t bits) const;

  std::array<Symbol, 1 << kShort> short_;             // by the bits of a code up to kShort and of what follows; length 0: longer
  std::array<std::uint32_t, kLongest + 2> end_;       // codes of a length, put to the top of 16 bits, are below this
  std::array<std::uint32_t, kLongest + 1> distance_;  // from a length's codes to their numbers in symbols_
  std::array<Symbol, 256> symbols_;
};

}  // namespace torchport::datasets::images
