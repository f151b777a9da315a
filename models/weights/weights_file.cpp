#include "models/weights/weights_file.h"

#include "runtime/error/error.h"

namespace torchport::models {

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
