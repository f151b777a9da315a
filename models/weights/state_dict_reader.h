// Fills a StateDictFile: each form of file has a function here, which finds the tensors; what they claim is compared with the bytes
// that are there in one place, StateDictReader::add. Called by StateDictFile only.
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

/// The zip archive that torch 1.6 and later write. \throws StateDictError, as the others
void read_zip_file(StateDictReader& reader, Wrapped wrapped);

/// Whether `bytes` begin as torch before 1.6 began its files.
bool is_legacy_file(std::string_view bytes);
/// The row of pickles and storages that torch before 1.6 wrote, and that torchvision still publishes.
void read_legacy_file(StateDictReader& reader, Wrapped wrapped);

/// A file of the safetensors format (version 0.x: a length, a JSON header, and the tensors' bytes without gap or overlap).
void read_safetensors_file(StateDictReader& reader);

}  // namespace torchport::models
