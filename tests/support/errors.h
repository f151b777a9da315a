// What an action throws, as a text that a test compares. Included by tests of runtime/.
#pragma once
#include <exception>
#include <functional>
#include <string>

#include "runtime/error/error.h"

namespace torchport::test {

/// "InvalidDatasetError: its sentence", another exception's what(), or "none".
inline std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const runtime::Error& error) {
    return error.class_name() + ": " + error.what();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "none";
}

}  // namespace torchport::test
