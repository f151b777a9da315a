#include "runtime/text/json.h"

#include "runtime/text/encoding.h"
#include "runtime/text/json_builder.h"
#include "runtime/text/shown.h"

namespace torchport::runtime {
namespace {

constexpr std::size_t kShown = 200;  ///< bytes of the parser's words

template <class Json>
Json parse(std::string_view text, const JsonLimits& limits) {
  if (const char* const fault = encoding_fault(text)) throw JsonError(fault);
  JsonBuilder<Json> builder(limits);
  Json::sax_parse(text, &builder);
  if (text.find('\0') != text.npos) throw JsonError(kZeroByte);  // for the parser the text ends there
  return builder.take();
}

/// What people most often do wrong, by the words of the parser and the text that it stopped at.
std::string meaning(std::string_view words, std::string_view token) {
  const auto says = [&](std::string_view part) { return words.find(part) != words.npos; };
  if (says("unexpected end of input") || says("missing closing quote")) return "the text ends too early";
  if (says("parsing value - unexpected ']'") || says("object key - unexpected '}'")) return "a comma with nothing after it";
  if (says("invalid literal") || says("invalid number")) {
    if (token.ends_with('N') || token.ends_with('I')) return "NaN and Infinity are not JSON";
    if (token.ends_with('\'')) return "texts stand in double quotes";
    if (token.ends_with('/') || token.ends_with('#')) return "comments are not JSON";
  }
  if (says("ill-formed UTF-8")) return "a text that is not UTF-8";
  if (says("control character")) return "a text with a line end or another control character in it";
  if (says("number overflow")) return "a number that is too large";
  constexpr std::string_view kWithin = "syntax error while parsing ";
  const std::size_t within = words.find(kWithin);
  const std::string_view rest = within == words.npos ? words : words.substr(within + kWithin.size());
  const std::string_view reason = rest.substr(rest.find("- ") == rest.npos ? 0 : rest.find("- ") + 2);
  return shown(reason, kShown);  // it quotes a whole text that never ends
}

}  // namespace

std::string json_fault(const nlohmann::json::exception& error, const std::string& last_token) {
  const std::string_view words = error.what();
  const std::string reason = meaning(words, last_token);
  constexpr std::string_view kAt = "parse error at ";
  const std::size_t at = words.find(kAt);
  if (at == words.npos) return reason;
  std::string_view place = words.substr(at + kAt.size());
  constexpr std::string_view kFirst = "line 1, ";  // an index or a file may have one line in all
  if (place.starts_with(kFirst)) place.remove_prefix(kFirst.size());
  return std::string(place.substr(0, place.find(':'))) + ": " + reason;
}

nlohmann::json parse_json(std::string_view text, const JsonLimits& limits) { return parse<nlohmann::json>(text, limits); }

std::optional<std::int64_t> whole_number(const nlohmann::json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && !std::in_range<std::int64_t>(value.get<std::uint64_t>())) return std::nullopt;
  return value.get<std::int64_t>();
}

nlohmann::ordered_json parse_ordered_json(std::string_view text, const JsonLimits& limits) {
  return parse<nlohmann::ordered_json>(text, limits);
}

}  // namespace torchport::runtime
