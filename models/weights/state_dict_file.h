// The `model` file: a PyTorch zip archive of a state dict (docs/contract.md, "The model file"), and other files of weights.
// Torch-free. The reader trusts nothing: an allow-list of pickle opcodes and globals, every size checked against the bytes present,
// every CRC checked.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models/weights/dtype.h"

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

/// A state dict file held in memory, checked whole.
class StateDictFile {
 public:
  /// Which forms are read: that of the `model` file, or any in which weights are handed around: also torch's from before 1.6,
  /// safetensors, and a dict that holds the state dict under a name such as "state_dict".
  enum class Form { model_file, any };

  /// \throws StateDictError; std::runtime_error where the file cannot be read
  static StateDictFile open(const std::filesystem::path& path, Form form = Form::model_file);
  static StateDictFile parse(std::string bytes, Form form = Form::model_file);
  /// In the order of the file.
  const std::vector<TensorEntry>& entries() const { return entries_; }
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
  std::string bytes_;
  std::vector<TensorEntry> entries_;
  std::vector<Layout> layouts_;
  const char* first_element(std::size_t i) const;
  std::pair<std::int64_t, std::size_t> run(std::size_t i) const;
  friend class StateDictReader;
};

}  // namespace torchport::models
