// Small work on text: what makes it safe to show, what finds a mistyped word, what breaks it into lines.
// Used wherever text of a user is shown.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace torchport::runtime {

/// The length in bytes of the printable UTF-8 character at `text[at]`, or 0 for a control character or a broken sequence.
std::size_t printable_length(std::string_view text, std::size_t at);

/// Makes control characters and broken UTF-8 visible as \n and \xNN, and leaves the rest as it is.
std::string visible(std::string_view text);

/// Makes control characters visible and quotes harmless: `\" \\ \n \xNN`. For every user string that reaches a log line.
std::string escape(std::string_view text);

/// The nearest of `candidates` to a mistyped `word`, or "" if none is near (optimal string alignment distance).
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);
/// The parts between separators; one more than there are separators.
std::vector<std::string> split(std::string_view text, char separator);

/// Without the spaces at both ends.
std::string trimmed(std::string_view text);

std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// Broken into lines of at most `width` columns between pieces_of(); a longer one stands alone.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// The number of characters, not bytes, of UTF-8 text.
std::size_t display_width(std::string_view text);

}  // namespace torchport::runtime
