// Builds the errors of a model directory that is being opened. Used by the readers of its files.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>

#include "runtime/error/error.h"

namespace torchport::models {

/// Which directory is at fault: how errors name it ("untrained model"), and where it is.
struct ModelFault {
  std::string what;
  std::filesystem::path root;

  /// Error InvalidModelDirectory.<reason> of spec/errors.yaml; `what` and `path` are added to `fields`.
  runtime::Error operator()(std::string_view reason, runtime::Fields fields = {}) const {
    fields.insert({{"what", what}, {"path", root.string()}});
    return runtime::Error("InvalidModelDirectory." + std::string(reason), std::move(fields));
  }
};

}  // namespace torchport::models
