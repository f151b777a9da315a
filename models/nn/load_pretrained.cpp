#include <torch/torch.h>

#include "models/nn/state_dict.h"
#include "runtime/error.h"

namespace torchport::models {
namespace {

// Older files of torchvision spell a module such as "norm1" as "norm.1"; this turns the new spelling of a key into the old one.
std::string old_spelling(std::string key) {
  const auto parameter = key.rfind('.');
  auto digits = parameter;
  while (digits != std::string::npos && digits > 0 && std::isdigit(static_cast<unsigned char>(key[digits - 1]))) --digits;
  return digits == parameter ? key : key.insert(digits, ".");
}

}  // namespace

void load_pretrained(ClassifierModule& network, const StateDictFile& file, const std::string& model) {
  const auto& entries = file.entries();
  const auto find = [&](const std::string& key) {
    return std::find_if(entries.begin(), entries.end(), [&](const TensorEntry& entry) { return entry.key == key; });
  };
  std::vector<TensorEntry> expected;
  std::vector<std::pair<at::Tensor, std::size_t>> copies;  // a tensor of the network, and the entry that it gets
  for (const auto& [key, tensor] : state_dict(network)) {
    const auto exact = find(key);
    const auto found = exact == entries.end() ? find(old_spelling(key)) : exact;
    // Files from before PyTorch 0.4.1 lack the counters, which only layers without momentum would use.
    if (found == entries.end() && key.ends_with(".num_batches_tracked")) continue;
    expected.push_back({found == entries.end() ? key : found->key, dtype_of(tensor), tensor.sizes().vec()});
    if (found != entries.end()) copies.emplace_back(tensor, static_cast<std::size_t>(found - entries.begin()));
  }
  check_weights(file, expected, "pretrained model", model);

  at::NoGradGuard values_only;
  for (auto& [tensor, i] : copies) {
    const at::Tensor values = read_tensor(file, i);
    if (!is_finite(values)) {
      throw runtime::Error("InvalidModelDirectory.not_finite", {{"what", "pretrained model"}, {"key", entries[i].key}});
    }
    tensor.copy_(values);
  }
}

}  // namespace torchport::models
