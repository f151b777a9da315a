// The entries in which a file of weights differs from a network. Filled by those who compare the two: the readers of model
// directories and of weights files.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "models/weights/state_dict_file.h"
#include "runtime/error/error.h"

namespace torchport::models {

/// Counts the batches that a batch norm has seen. Nothing here uses it: it may be of any number type, or lack.
bool is_counter(std::string_view key);

class Mismatches {
 public:
  void add(const std::string& key, const std::string& expected, const std::string& found);
  /// `found` may be null. Any floating-point type will do for another, any one number for a counter; a size of -1 is any.
  void compare(const TensorEntry* found, const TensorEntry& wanted);
  /// Entries that the network does not have.
  void add_extra(const TensorEntry& entry);
  bool empty() const { return count_ == 0; }
  /// `more` are rows below those of the entries. \throws Error InvalidModelDirectory.weights_mismatch
  void throw_if_any(runtime::Fields fields, const std::vector<runtime::Detail>& more = {}) const;

 private:
  std::vector<runtime::Detail> rows_;
  std::size_t count_ = 0;
};

}  // namespace torchport::models
