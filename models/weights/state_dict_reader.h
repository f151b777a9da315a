// Fills a StateDictFile: a function for each form of file (zip_file.h, legacy_file.h, safetensors_file.h) finds the tensors; what
// they claim is compared with the bytes that are there in one place, StateDictReader::add. Used by StateDictFile only.
#pragma once
#include <string>
#include <string_view>

#include "models/weights/pickle_reader.h"
#include "models/weights/state_dict_file.h"

namespace torchport::models {

class StateDictReader {
 public:
  explicit StateDictReader(StateDictFile& file) : file_(file) {}
  /// The whole file.
  std::string_view bytes() const { return file_.bytes_; }
  /// Adds a tensor whose storage is `data`, a part of bytes(); `record` names it in errors.
  /// \throws StateDictError where the tensor does not lie within its storage, or the storage is of another size
  void add(PickledTensor tensor, std::string_view data, const std::string& record);

 private:
  StateDictFile& file_;
};

}  // namespace torchport::models
