// Whether a name is that of a running average of weights, or of a second network that follows the first. Used where a file holds
// several networks of the same form and one has to be taken.
#pragma once
#include <algorithm>
#include <array>
#include <string_view>

namespace torchport::models {

/// "state_dict_ema", "ema_model.module.", "module.encoder_k.", "teacher": a word of it is one that such networks are called by.
inline bool names_average(std::string_view name) {
  constexpr std::array<std::string_view, 10> kWords = {"ema",    "avg",     "average",  "averaged", "averaging",
                                                       "shadow", "teacher", "momentum", "target",   "k"};
  constexpr std::string_view kSeparators = "._/- ";
  while (!name.empty()) {
    const auto end = std::min(name.find_first_of(kSeparators), name.size());
    if (std::find(kWords.begin(), kWords.end(), name.substr(0, end)) != kWords.end()) return true;
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return false;
}

}  // namespace torchport::models
