// Fills a StateDictFile: each form of file has a source that finds the tensors; what they claim is compared with the bytes
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
  std::string_view bytes() const { return file_.bytes_.view(); }
  /// Begins the next state dict of the file.
  void begin(std::string name, std::vector<std::string> others) {
    file_.parts_.push_back({std::move(name), file_.entries_.size(), 0, std::move(others)});
  }
  void mention(std::vector<std::string> foreign_names) { file_.foreign_names_ = std::move(foreign_names); }
  void note(std::map<std::string, std::string> metadata) { file_.metadata_ = std::move(metadata); }
  /// Adds to it a tensor whose storage is `data`, a part of bytes(); `record` names it in errors.
  /// \throws StateDictError where the tensor does not lie within its storage, or the storage is of another size
  void add(PickledTensor tensor, std::string_view data, const std::string& record);

 private:
  StateDictFile& file_;
};

}  // namespace torchport::models
