#include "runtime/text/shown.h"

#include "runtime/text/text.h"

namespace torchport::runtime {

std::string shown(std::string_view text, std::size_t most) {
  return visible(text.substr(0, most)) + (text.size() > most ? "..." : "");
}

}  // namespace torchport::runtime
