#include "datasets/directory/plain_lines.h"

#include <algorithm>
#include <charconv>

namespace torchport::datasets {
namespace {

constexpr std::string_view kEndOfText = "\"";
constexpr std::string_view kBeforeId = "\"id\": ";

/// Whether JSON has `c` in a text as it is, and it is ASCII.
bool plain(char c) { return c >= ' ' && c <= '~' && c != '"' && c != '\\'; }

bool take(std::string_view& text, std::string_view wanted) {
  if (!text.starts_with(wanted)) return false;
  text.remove_prefix(wanted.size());
  return true;
}

/// Takes a text up to its closing quote.
bool take_text(std::string_view& text, std::string_view& found) {
  const auto end = std::find_if_not(text.begin(), text.end(), plain);
  found = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(found.size());
  return !found.empty() && take(text, kEndOfText);
}

/// A whole number from 0 on, as JSON has it.
bool take_number(std::string_view& text, std::int64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || number < 0 || text.front() == '-' || (text.front() == '0' && digits > 1)) return false;
  text.remove_prefix(digits);
  return true;
}

}  // namespace

PlainLines::PlainLines(std::string_view image_key, std::string_view label_key)
    : start_("{\"" + std::string(image_key) + "\": {\"file_name\": \""),
      before_label_("\"" + std::string(label_key) + "\": \""),
      labelled_(!label_key.empty()),
      usable_(std::all_of(image_key.begin(), image_key.end(), plain) && std::all_of(label_key.begin(), label_key.end(), plain) &&
              image_key != label_key && image_key != "id" && label_key != "id") {}

std::optional<PlainLine> PlainLines::read(std::string_view line) const {
  PlainLine read;
  const bool fits = usable_ && take(line, start_) && take_text(line, read.file) && take(line, "}, ") &&
                    (!labelled_ || (take(line, before_label_) && take_text(line, read.label) && take(line, ", "))) &&
                    take(line, kBeforeId) && take_number(line, read.id) && line == "}";
  return fits ? std::optional(read) : std::nullopt;
}

}  // namespace torchport::datasets
