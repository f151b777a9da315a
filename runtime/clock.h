// How long something took. Used wherever a duration is told or recorded.
#pragma once
#include <chrono>

namespace torchport::runtime {

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace torchport::runtime
