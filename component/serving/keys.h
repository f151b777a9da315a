// Who may ask: the keys that a client sends as `Authorization: Bearer KEY`. Read once at the start of the server.
#pragma once
#include <filesystem>
#include <string_view>
#include <vector>

#include "runtime/files/sha256.h"

namespace torchport::component {

class Keys {
 public:
  /// A file with one key in a line, two at most, so that one may be changed while the other still holds. No other user may read
  /// it. \throws Error ParameterParsing.key_file
  static Keys read(const std::filesystem::path& file);

  /// Whether the value of a request's Authorization has one of them. Takes as long for a wrong key as for a right one.
  bool admit(std::string_view authorization) const;

 private:
  std::vector<runtime::Sha256> digests_;  // a key itself is nowhere in memory to be shown
};

}  // namespace torchport::component
