// The `model` file: a PyTorch zip archive of a state dict (docs/contract.md, "The model file"), and other files of weights.
// Torch-free. The reader trusts nothing: an allow-list of pickle opcodes and globals, every size checked against the bytes present,
// every CRC checked.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/weights/dtype.h"
#include "runtime/files/file_bytes.h"

namespace torchport::models {

/// A tensor of a state dict: its key, type, shape, and its elements in row-major order within the file's bytes.
struct TensorEntry {
  std::string key;
  DType dtype = DType::float32;
  std::vector<std::int64_t> shape;
  std::int64_t elements() const;
  std::size_t bytes() const { return static_cast<std::size_t>(elements()) * item_size(dtype); }
};

/// Why a file is not a usable state dict: "data/3 holds 16 bytes where 'model.fc.bias' needs 4000". Never a crash, never a guess.
struct StateDictError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One state dict of a file: the entries from `first` on.
struct StateDictPart {
  std::string name;  ///< where it lies in what was saved, "state_dict" or "network/weights"; "" where it is the whole
  std::size_t first = 0, count = 0;
  std::vector<std::string> others;  ///< keys of it whose values are not tensors
};

/// A state dict file held in memory, checked whole.
class StateDictFile {
 public:
  /// Which forms are read: that of the `model` file, or any in which weights are handed around: also torch's from before 1.6,
  /// safetensors, and whatever else a training script saves, with state dicts in it.
  enum class Form { model_file, any };

  /// \throws StateDictError; std::runtime_error where the file cannot be read
  static StateDictFile open(const std::filesystem::path& path, Form form = Form::model_file);
  static StateDictFile parse(std::string_view bytes, Form form = Form::model_file);
  /// Of each part in the order of the file.
  const std::vector<TensorEntry>& entries() const { return entries_; }
  /// The state dicts in it, at least one, the one that is probably meant first. The `model` file is one.
  const std::vector<StateDictPart>& parts() const { return parts_; }
  /// Names of Python's classes and functions that the file mentions, the first few. Nothing of the kind is loaded or run.
  const std::vector<std::string>& foreign_names() const { return foreign_names_; }
  /// Texts that a safetensors file carries beside its tensors.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const TensorEntry* find(std::string_view key) const;
  /// Copies entry `i`, row-major, to `out` (entries()[i].bytes() bytes); non-contiguous tensors are gathered.
  void copy_to(std::size_t i, void* out) const;
  /// The elements of entry `i`, as long as this file lives, where they lie row-major in one piece and aligned; else null.
  const void* in_place(std::size_t i) const;

 private:
  struct Layout {  // where the elements of an entry lie in bytes_
    std::size_t begin = 0, length = 0;
    std::int64_t offset = 0;
    std::vector<std::int64_t> stride;
  };
  static StateDictFile parse(runtime::FileBytes bytes, Form form);
  runtime::FileBytes bytes_;
  std::vector<TensorEntry> entries_;
  std::vector<StateDictPart> parts_;
  std::vector<std::string> foreign_names_;
  std::map<std::string, std::string> metadata_;
  std::vector<Layout> layouts_;
  const char* first_element(std::size_t i) const;
  std::pair<std::int64_t, std::size_t> run(std::size_t i) const;
  friend class StateDictReader;
};

}  // namespace torchport::models
