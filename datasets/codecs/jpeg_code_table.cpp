#include "datasets/codecs/jpeg_code_table.h"

#include <algorithm>

namespace torchport::datasets::images {

void JpegCodeTable::set(const JHUFF_TBL& table, bool of_ac) {
  constexpr std::uint8_t kSixteenZeros = 15;  // without a number after them
  short_.fill({});
  std::uint32_t code = 0, number = 0;
  for (std::uint8_t length = 1; length <= kLongest; ++length, code <<= 1) {
    distance_[length] = number - code;
    for (int left = table.bits[length]; left > 0; --left, ++code, ++number) {
      const std::uint8_t value = table.huffval[number], size = value & 15, zeros = value >> 4;
      const bool ends = of_ac && size == 0 && zeros != kSixteenZeros;
      const Symbol symbol{length, size, ends ? kEndOfBlock : zeros, static_cast<std::uint8_t>(length + size)};
      symbols_[number] = symbol;
      if (length <= kShort) std::fill_n(short_.begin() + (code << (kShort - length)), 1 << (kShort - length), symbol);
    }
    end_[length] = code << (kLongest - length);
  }
  end_[kLongest + 1] = ~std::uint32_t{0};
}

JpegCodeTable::Symbol JpegCodeTable::read_long(std::uint64_t bits) const {
  const auto top = static_cast<std::uint32_t>(bits >> (64 - kLongest));
  std::uint32_t length = kShort + 1;
  while (top >= end_[length]) ++length;
  if (length > kLongest) return {0, 0, kNoCode, 0};
  return symbols_[(top >> (kLongest - length)) + distance_[length]];
}

}  // namespace torchport::datasets::images
