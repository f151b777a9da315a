// A text as a word of a shell's command, for commands that a user is told to run. Used by error messages.
#pragma once
#include <string>
#include <string_view>

#include "runtime/text/text.h"

namespace torchport::runtime {

/// As it is where no shell would touch it, else in single quotes; with line ends and broken UTF-8 as Bash and Zsh have them,
/// $'\n\xFF'.
inline std::string shell_word(std::string_view text) {
  constexpr std::string_view kHarmless = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=@%+,-";
  if (!text.empty() && text.find_first_not_of(kHarmless) == text.npos) return std::string(text);
  const bool plain = visible(text) == text;
  std::string quoted;
  for (const char c : text) {
    if (!plain && (c == '\'' || c == '\\')) quoted += '\\';
    quoted += plain && c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return plain ? "'" + quoted + "'" : "$'" + visible(quoted) + "'";
}

}  // namespace torchport::runtime
