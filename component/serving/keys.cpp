#include "component/serving/keys.h"

#include <algorithm>
#include <cctype>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestKey = 4096;  ///< characters: a header takes little more
constexpr std::size_t kMostKeys = 2;       ///< Azure's primary and secondary
constexpr std::string_view kScheme = "bearer ";

[[noreturn]] void fail(const fs::path& file, const std::string& reason) {
  throw runtime::Error("ParameterParsing.key_file", {{"path", file.string()}, {"reason", reason}});
}

bool same(const runtime::Sha256& a, const runtime::Sha256& b) {
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned>(a[i] ^ b[i]);
  return difference == 0;
}

}  // namespace

Keys Keys::read(const fs::path& file) {
  std::string text;
  try {
    text = runtime::read_file(file, runtime::kSmallText);
  } catch (const std::runtime_error& error) {
    fail(file, std::string("cannot be read: ") + error.what());
  }
  std::error_code ignored;
  if ((fs::status(file, ignored).permissions() & (fs::perms::others_read | fs::perms::others_write)) != fs::perms::none)
    fail(file, "is open to all users of this machine");
  Keys keys;
  for (const std::string& line : runtime::split(text, '\n')) {
    const std::string key = runtime::trimmed(line.substr(0, line.find('\r')));
    if (key.empty()) continue;
    if (std::any_of(key.begin(), key.end(), [](unsigned char c) { return c <= ' ' || c > '~'; }))
      fail(file, "has a key with characters that no header may have");
    if (key.size() > kLongestKey) fail(file, "has a key of more than " + std::to_string(kLongestKey) + " characters");
    keys.digests_.push_back(runtime::sha256_digest({key}));
  }
  if (keys.digests_.empty()) fail(file, "has no key");
  if (keys.digests_.size() > kMostKeys) fail(file, "has " + std::to_string(keys.digests_.size()) + " keys");
  return keys;
}

bool Keys::admit(std::string_view authorization) const {
  const std::string_view scheme = authorization.substr(0, kScheme.size());
  const bool bearer = std::equal(scheme.begin(), scheme.end(), kScheme.begin(), kScheme.end(),
                                 [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
  if (!bearer) return false;
  const runtime::Sha256 given = runtime::sha256_digest({runtime::trimmed(authorization.substr(kScheme.size()))});
  bool found = false;
  for (const auto& digest : digests_) found = same(digest, given) || found;
  return found;
}

}  // namespace torchport::component
