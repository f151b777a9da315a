#include "models/nn/load_weights_file.h"

#include <torch/torch.h>

#include "models/nn/state_dict.h"
#include "runtime/error/error.h"

namespace torchport::models {
namespace {

// What a file's keys may have before torchvision's, all of them or none: DataParallel's prefix, and that of a model directory.
constexpr std::array<std::string_view, 2> kPrefixes = {"module.", kKeyPrefix};

/// The entries of a file under torchvision's names.
class Entries {
 public:
  explicit Entries(const StateDictFile& file) : entries_(file.entries()) {
    for (bool found = true; found;) {
      found = false;
      for (const auto prefix : kPrefixes) {
        if (entries_.empty() || !all_have(prefix_ + std::string(prefix))) continue;
        prefix_ += prefix;
        found = true;
      }
    }
  }
  /// The index of an entry, in its new spelling or its old one.
  std::optional<std::size_t> find(const std::string& key) const {
    const auto exact = find_exactly(prefix_ + key);
    return exact ? exact : find_exactly(prefix_ + old_spelling(key));
  }
  const TensorEntry& operator[](std::size_t i) const { return entries_[i]; }
  const std::string& prefix() const { return prefix_; }

 private:
  bool all_have(const std::string& prefix) const {
    return std::all_of(entries_.begin(), entries_.end(), [&](const TensorEntry& entry) { return entry.key.starts_with(prefix); });
  }
  std::optional<std::size_t> find_exactly(const std::string& key) const {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const TensorEntry& entry) { return entry.key == key; });
    if (found == entries_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - entries_.begin());
  }
  /// Older files of torchvision spell a module such as "norm1" as "norm.1".
  static std::string old_spelling(std::string key) {
    const auto parameter = key.rfind('.');
    auto digits = parameter;
    while (digits != std::string::npos && digits > 0 && std::isdigit(static_cast<unsigned char>(key[digits - 1]))) --digits;
    return digits == parameter ? key : key.insert(digits, ".");
  }

  const std::vector<TensorEntry>& entries_;
  std::string prefix_;
};

bool is_floating(DType dtype) {
  return dtype == DType::float16 || dtype == DType::bfloat16 || dtype == DType::float32 || dtype == DType::float64;
}

/// Whether the file has the network's head: both its tensors, or neither, with the classes of the network.
Head compare_heads(const Entries& entries, const std::string& head, std::int64_t classes) {
  const auto weight = entries.find(head + ".weight"), bias = entries.find(head + ".bias");
  if (!weight && !bias) return Head::remade;
  const auto other = [&](std::optional<std::size_t> i) {
    return i && !entries[*i].shape.empty() && entries[*i].shape[0] != classes;
  };
  return other(weight) && other(bias) && entries[*weight].shape[0] == entries[*bias].shape[0] ? Head::remade : Head::kept;
}

}  // namespace

Head load_weights_file(ClassifierModule& network, const StateDictFile& file, const ModelSpec& spec, std::string_view what) {
  const Entries entries(file);
  const std::string& head = spec.component->architecture->head;
  const std::int64_t classes = network.named_parameters()[head + ".bias"].size(0);
  const Head kept = compare_heads(entries, head, classes);

  std::vector<TensorEntry> expected;
  std::vector<std::pair<at::Tensor, std::size_t>> copies;  // a tensor of the network, and the entry that it gets
  for (const auto& [key, tensor] : state_dict(network)) {
    const auto found = entries.find(key);
    // Files from before PyTorch 0.4.1 lack the counters, which only layers without momentum would use.
    if (!found && key.ends_with(".num_batches_tracked")) continue;
    TensorEntry wanted{found ? entries[*found].key : entries.prefix() + key, dtype_of(tensor), tensor.sizes().vec()};
    if (found && is_floating(wanted.dtype) && is_floating(entries[*found].dtype)) wanted.dtype = entries[*found].dtype;
    const bool of_head = key == head + ".weight" || key == head + ".bias";
    if (of_head && kept == Head::remade) {
      if (!found) continue;
      wanted.shape[0] = entries[*found].shape[0];
    } else if (found) {
      copies.emplace_back(tensor, *found);
    }
    expected.push_back(std::move(wanted));
  }
  check_weights(file, expected, what, spec.variant->name);

  at::NoGradGuard values_only;
  for (auto& [tensor, i] : copies) {
    const at::Tensor values = read_tensor(file, i).to(tensor.scalar_type());
    if (!is_finite(values)) {
      throw runtime::Error("InvalidModelDirectory.not_finite", {{"what", std::string(what)}, {"key", entries[i].key}});
    }
    tensor.copy_(values);
  }
  return kept;
}

}  // namespace torchport::models
