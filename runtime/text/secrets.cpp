#include "runtime/text/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "runtime/text/lower.h"

namespace torchport::runtime {
namespace {

constexpr std::string_view kHidden = "***";

/// In small letters. A name that ends in one of them counts too: `access_token`, `x-amz-signature`.
constexpr std::array kSecretNames = {"sig", "token",  "signature", "password", "passwd",
                                     "pwd", "secret", "apikey",    "api_key",  "credential"};

bool is_space(char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; }
bool ends_address(char c) { return is_space(c) || c == '"' || c == '\'' || c == '<' || c == '>' || c == '`'; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-'; }

bool is_secret_name(std::string_view name) {
  const std::string small = lower(name);
  return small.starts_with("x-amz-") || small == "awsaccesskeyid" ||
         std::any_of(kSecretNames.begin(), kSecretNames.end(), [&](std::string_view one) { return small.ends_with(one); });
}

/// Appends the address at `text[i]`, which begins behind "://", without its secrets. Returns the place behind it. A password may
/// hold any character but those that end an address, so the last @ counts.
std::size_t append_address(std::string& out, std::string_view text, std::size_t i) {
  std::size_t end = i;
  while (end < text.size() && !ends_address(text[end])) ++end;
  while (end > i && std::string_view(",.;)]}").find(text[end - 1]) != std::string_view::npos) --end;  // the sentence's own
  std::string_view address = text.substr(i, end - i);
  const std::size_t query = address.find_first_of("?#", std::min(address.find('@') + 1, address.size()));
  std::string_view place = address.substr(0, query);
  const std::size_t slash = place.find('/');
  std::size_t at = place.substr(0, slash).rfind('@');
  if (at == place.npos) at = place.rfind('@');  // a password with a slash in it
  if (at != place.npos) {
    out += kHidden;
    place.remove_prefix(at);
  }
  out += place;
  if (query != address.npos) (out += address[query]) += kHidden;
  return end;
}

}  // namespace

std::string without_secrets(std::string_view text) {
  if (text.find("://") == text.npos && text.find('=') == text.npos) return std::string(text);
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i).starts_with("://")) {
      out += "://";
      i = append_address(out, text, i + 3);
    } else if (text[i] == '=' && i + 1 < text.size()) {
      std::size_t begin = i;
      while (begin > 0 && is_word(text[begin - 1])) --begin;
      const bool in_query = begin > 0 && (text[begin - 1] == '?' || text[begin - 1] == '&' || text[begin - 1] == ';');
      out += text[i++];
      if (!in_query || !is_secret_name(text.substr(begin, i - 1 - begin))) continue;
      out += kHidden;
      while (i < text.size() && text[i] != '&' && text[i] != ';' && !ends_address(text[i])) ++i;
    } else {
      out += text[i++];
    }
  }
  return out;
}

}  // namespace torchport::runtime
