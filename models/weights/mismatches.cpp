#include "models/weights/mismatches.h"

namespace torchport::models {
namespace {

constexpr std::size_t kMaxRows = 5;

/// "float32 [64, 3, 7, 7]"
std::string describe(const TensorEntry& entry) {
  std::string text = std::string(name(entry.dtype)) + " [";
  for (std::size_t i = 0; i < entry.shape.size(); ++i)
    text += (i ? ", " : "") + (entry.shape[i] < 0 ? "any" : std::to_string(entry.shape[i]));
  return text + "]";
}

bool same_type(DType found, DType wanted) { return found == wanted || (is_floating(found) && is_floating(wanted)); }

}  // namespace

bool is_counter(std::string_view key) { return key.ends_with(".num_batches_tracked"); }

void Mismatches::add(const std::string& key, const std::string& expected, const std::string& found) {
  if (++count_ <= kMaxRows) rows_.push_back({key, "expected " + expected + ", found " + found});
}

void Mismatches::compare(const TensorEntry* found, const TensorEntry& wanted) {
  const bool counter = is_counter(wanted.key);
  if (!found && counter) return;
  if (!found) return add(wanted.key, describe(wanted), "nothing");
  const auto fits = [](std::int64_t size, std::int64_t other) { return size < 0 || size == other; };
  const bool equal = counter ? found->elements() == 1
                             : same_type(found->dtype, wanted.dtype) && std::equal(wanted.shape.begin(), wanted.shape.end(),
                                                                                   found->shape.begin(), found->shape.end(), fits);
  if (!equal) add(found->key, describe(wanted), describe(*found));
}

void Mismatches::add_extra(const TensorEntry& entry) { add(entry.key, "nothing", describe(entry)); }

void Mismatches::throw_if_any(runtime::Fields fields, const std::vector<runtime::Detail>& more) const {
  if (count_ == 0) return;
  fields["count"] = std::to_string(count_);
  std::vector<runtime::Detail> rows = rows_;
  rows.insert(rows.end(), more.begin(), more.end());
  throw runtime::Error("InvalidModelDirectory.weights_mismatch", std::move(fields), std::move(rows));
}

}  // namespace torchport::models
