// A JSON document as people and programs read it: indented, with a line's end. Used by whoever prints or writes one.
#pragma once
#include <string>

namespace torchport::runtime {

/// `Json` is nlohmann's. Bytes of names that are no UTF-8 are replaced: JSON knows no others.
template <class Json>
std::string json_text(const Json& document) {
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace torchport::runtime
