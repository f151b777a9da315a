#include "runtime/text/wide_text.h"

#include <algorithm>
#include <array>
#include <utility>

namespace torchport::runtime {
namespace {

/// One character: its bytes, and its number in Unicode.
struct Character {
  std::string_view bytes;
  char32_t number = 0;
};

/// The character at the beginning of `text`, which is not empty; of broken UTF-8 a byte.
Character first_of(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  char32_t number = length == 1 ? lead : lead & (0x7Fu >> length);
  if (length > text.size()) return {text.substr(0, 1), lead};
  for (std::size_t i = 1; i < length; ++i) number = number << 6 | (static_cast<unsigned char>(text[i]) & 0x3F);
  return {text.substr(0, length), number};
}

/// Blocks of East Asian Wide and Fullwidth characters (Unicode, UAX #11).
bool is_wide(char32_t number) {
  constexpr std::array<std::pair<char32_t, char32_t>, 9> kBlocks = {{{0x1100, 0x115F},
                                                                     {0x2E80, 0x303E},
                                                                     {0x3041, 0x4DBF},
                                                                     {0x4E00, 0xA4CF},
                                                                     {0xAC00, 0xD7A3},
                                                                     {0xF900, 0xFAFF},
                                                                     {0xFE30, 0xFE6F},
                                                                     {0xFF00, 0xFF60},
                                                                     {0x20000, 0x3FFFD}}};
  return std::any_of(kBlocks.begin(), kBlocks.end(),
                     [&](const auto& block) { return number >= block.first && number <= block.second; });
}

/// What may not begin a line of Japanese (JIS X 4051), and what may not end one.
bool begins_no_line(char32_t c) {
  return std::u32string_view(U"、。，．：；？！）」』】〉》・ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ～,.:;?!)]}%\"'")
             .find(c) != std::u32string_view::npos;
}
bool ends_no_line(char32_t c) { return std::u32string_view(U"（「『【〈《([{\"'").find(c) != std::u32string_view::npos; }

}  // namespace

std::vector<Piece> pieces_of(std::string_view text) {
  std::vector<Piece> pieces;
  char32_t before = U' ';
  while (!text.empty()) {
    const Character next = first_of(text);
    text.remove_prefix(next.bytes.size());
    if (next.number != U' ') {
      const bool open =
          before == U' ' || ((is_wide(before) || is_wide(next.number)) && !begins_no_line(next.number) && !ends_no_line(before));
      if (open) pieces.push_back({"", before == U' ' && !pieces.empty()});
      pieces.back().text += next.bytes;
    }
    before = next.number;
  }
  return pieces;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const Character next = first_of(text);
    columns += is_wide(next.number) ? 2 : 1;
    text.remove_prefix(next.bytes.size());
  }
  return columns;
}

}  // namespace torchport::runtime
