// The ways in which a step can be computed on a GPU, for figures and proofs that compare them.
#pragma once
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/nn/norm_activation.h"

namespace torchport::test {

/// eager: LibTorch's operations, started one by one. graph: replayed as a whole. fused: layers by kernels of our own.
inline constexpr const char* kModes[] = {"eager", "graph", "fused", "fused+graph"};

inline bool has(const std::string& mode, const char* part) { return mode.find(part) != std::string::npos; }

/// Of a list with commas. \throws std::invalid_argument
inline std::vector<std::string> modes_of(const std::string& list) {
  std::vector<std::string> modes;
  std::istringstream words(list);
  for (std::string word; std::getline(words, word, ',');) {
    bool known = false;
    for (const char* const mode : kModes) known = known || word == mode;
    if (!known) throw std::invalid_argument("there is no mode '" + word + "': --list-modes lists them");
    modes.push_back(word);
  }
  return modes;
}

/// While one lives, this thread's layers are those of the mode.
class ModeScope {
 public:
  explicit ModeScope(const std::string& mode) {
    if (!has(mode, "fused")) unfused_.emplace();
  }

 private:
  std::optional<models::UnfusedScope> unfused_;
};

}  // namespace torchport::test
