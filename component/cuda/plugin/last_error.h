// Why the last call of a thread failed, and how calls of CUDA become the plug-in's. Used by component/cuda/plugin/*.cpp.
#pragma once
#include <exception>
#include <string>

namespace torchport::cuda {

/// This thread's.
std::string& last_error();

/// Runs `action`, which returns "" or why it failed, so that nothing is thrown; returns 0 where all went well.
template <class Action>
int guarded(Action&& action) {
  try {
    last_error() = action();
  } catch (const std::exception& error) {
    last_error() = error.what();
  } catch (...) {
    last_error() = "an exception of no known kind";
  }
  return last_error().empty() ? 0 : 1;
}

}  // namespace torchport::cuda
