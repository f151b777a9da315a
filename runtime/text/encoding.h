// What the first bytes of a text say of its encoding. One rule for all files: UTF-8, whose byte order mark is skipped in files that
// people write (COCO, CSV, labels, pipelines) and refused in those that programs hand to each other (_meta.yaml, schema, index,
// label map).
#pragma once
#include <string_view>

namespace torchport::runtime {

inline constexpr const char* kZeroByte = "has a zero byte";
inline constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// "is UTF-16, not UTF-8", or nullptr. Without a mark the zeros of ASCII give UTF-16 away.
inline const char* other_encoding(std::string_view text) {
  using namespace std::string_view_literals;
  if (text.starts_with("\xFF\xFE\0\0"sv) || text.starts_with("\0\0\xFE\xFF"sv)) return "is UTF-32, not UTF-8";
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) return "is UTF-16, not UTF-8";
  if (text.size() > 1 && (text[0] == '\0') != (text[1] == '\0')) return "is UTF-16, not UTF-8";
  return nullptr;
}

/// What keeps a program's text from being read: a mark, or another encoding; nullptr where there is nothing.
inline const char* encoding_fault(std::string_view text) {
  return text.starts_with(kByteOrderMark) ? "begins with a byte order mark" : other_encoding(text);
}

/// The text behind its byte order mark, if it has one.
inline std::string_view without_mark(std::string_view text) {
  return text.substr(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
}

}  // namespace torchport::runtime
