#include "models/pretrained.h"

#include "runtime/environment.h"
#include "runtime/error.h"

namespace torchport::models {
namespace {

runtime::Fields fields_of(const runtime::Variant& variant) {
  return {{"model", variant.name}, {"file", variant.text("weights")}, {"path", runtime::torch_checkpoints().string()}};
}

}  // namespace

std::filesystem::path find_pretrained(const runtime::Variant& variant) {
  auto path = runtime::torch_checkpoints() / variant.text("weights");
  std::error_code fault;
  if (!std::filesystem::exists(path, fault)) throw runtime::Error("FailedToDownloadFiles.weights", fields_of(variant));
  return path;
}

StateDictFile open_pretrained(const runtime::Variant& variant) {
  const auto path = find_pretrained(variant);
  try {
    return StateDictFile::open(path);
  } catch (const std::runtime_error& error) {
    auto fields = fields_of(variant);
    fields["reason"] = error.what();
    throw runtime::Error("FailedToDownloadFiles.broken", fields);
  }
}

}  // namespace torchport::models
