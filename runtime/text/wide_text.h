// Text in the columns of a terminal, where a Chinese, Japanese or Korean character takes two, and which has no spaces to break
// lines at. Used by wrap(), by tables and by errors.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace torchport::runtime {

/// How many columns UTF-8 text takes.
std::size_t columns_of(std::string_view text);

/// What stays together on a line.
struct Piece {
  std::string text;
  bool spaced = false;  ///< a space stands before it
};

/// Text between spaces, also divided beside characters of two columns where the language's rules allow it: no line begins with a
/// full stop or ends with an opening bracket.
std::vector<Piece> pieces_of(std::string_view text);

}  // namespace torchport::runtime
