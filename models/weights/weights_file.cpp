#include "models/weights/weights_file.h"

#include "models/weights/legacy_file.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"

namespace torchport::models {
namespace {

constexpr std::size_t kHead = 64;  ///< bytes that tell

}  // namespace

bool begins_as_weights(const std::filesystem::path& path) {
  try {
    const std::string head = runtime::read_head(path, kHead);
    // A safetensors file begins with the length of its header, in 8 bytes of which no text has the last.
    return head.starts_with("PK") || is_legacy_file(head) || (head.size() > 8 && head[7] == '\0' && head[8] == '{');
  } catch (const std::runtime_error& error) {
    throw runtime::Error("CouldNotOpenFile.file", {{"path", path.string()}, {"reason", error.what()}});
  }
}

StateDictFile open_weights_file(const std::filesystem::path& path) {
  runtime::Fields fields = {{"path", path.string()}};
  try {
    return StateDictFile::open(path, StateDictFile::Form::any);
  } catch (const StateDictError& error) {
    fields["reason"] = error.what();
    throw runtime::Error("InvalidModelDirectory.weights_file", fields);
  } catch (const std::runtime_error& error) {
    fields["reason"] = error.what();
    throw runtime::Error("CouldNotOpenFile.file", fields);
  }
}

}  // namespace torchport::models
