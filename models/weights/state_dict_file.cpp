#include "models/weights/state_dict_file.h"

#include "models/weights/legacy_file.h"
#include "models/weights/safetensors_file.h"
#include "models/weights/zip_file.h"
#include "runtime/text/text.h"

namespace torchport::models {
namespace {

/// Bytes: the largest network here has 0.5 GB of weights; a checkpoint may hold an optimizer's state besides.
constexpr std::size_t kMaxWeights = std::size_t{1} << 30, kMaxCheckpoint = std::size_t{4} << 30;

}  // namespace

std::int64_t TensorEntry::elements() const {
  std::int64_t product = 1;
  for (const auto size : shape) product *= size;  // the reader has refused products beyond the file's size
  return product;
}

void StateDictReader::add(PickledTensor tensor, std::string_view data, const std::string& record) {
  const auto refuse = [&](const std::string& reason) {
    throw StateDictError("'" + runtime::visible(tensor.key.substr(0, 100)) + "' " + reason);
  };
  const auto size = static_cast<std::int64_t>(item_size(tensor.dtype));
  const auto held = static_cast<std::int64_t>(data.size());
  if (std::int64_t bytes = 0; __builtin_mul_overflow(tensor.storage_elements, size, &bytes) || bytes != held) {
    refuse("needs a storage of " + std::to_string(tensor.storage_elements) + " x " + std::to_string(size) + " bytes, but " +
           runtime::visible(record) + " holds " + std::to_string(held) + " bytes");
  }
  if (tensor.shape.size() != tensor.stride.size()) refuse("has a shape and strides of different lengths");
  // `last` is the largest index that the strides can reach; an empty tensor reaches none.
  std::int64_t elements = 1, last = tensor.offset;
  bool overflow = false;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    if (tensor.shape[i] < 0 || tensor.stride[i] < 0) refuse("has a negative size or stride");
    overflow |= __builtin_mul_overflow(elements, tensor.shape[i], &elements);
    std::int64_t reach = 0;
    overflow |= __builtin_mul_overflow(std::max<std::int64_t>(tensor.shape[i] - 1, 0), tensor.stride[i], &reach);
    overflow |= __builtin_add_overflow(last, reach, &last);
  }
  const bool outside =
      tensor.offset < 0 || (elements == 0 ? tensor.offset > tensor.storage_elements : last >= tensor.storage_elements);
  if (overflow || outside) refuse("reaches beyond its storage of " + std::to_string(tensor.storage_elements) + " elements");
  if (elements > tensor.storage_elements) refuse("repeats its storage to more elements than the storage holds");
  file_.layouts_.push_back(
      {static_cast<std::size_t>(data.data() - file_.bytes_.data()), data.size(), tensor.offset, std::move(tensor.stride)});
  file_.entries_.push_back({std::string(tensor.key), tensor.dtype, std::move(tensor.shape)});
  ++file_.parts_.back().count;
}

StateDictFile StateDictFile::open(const std::filesystem::path& path, Form form) {
  return parse(runtime::FileBytes(path, form == Form::any ? kMaxCheckpoint : kMaxWeights), form);
}

StateDictFile StateDictFile::parse(std::string_view bytes, Form form) { return parse(runtime::FileBytes(bytes), form); }

StateDictFile StateDictFile::parse(runtime::FileBytes bytes, Form form) {
  StateDictFile file;
  file.bytes_ = std::move(bytes);
  StateDictReader reader(file);
  const bool any = form == Form::any;
  // A safetensors file begins with a 64-bit length, and then its header, which must begin with a brace.
  const std::string_view all = reader.bytes();
  const bool archive = all.starts_with("PK"), safetensors = all.size() > 8 && all[8] == '{' && !archive;
  if (any && is_legacy_file(all)) {
    read_legacy_file(reader);
  } else if (any && safetensors) {
    read_safetensors_file(reader);
  } else if (any && !archive) {
    throw StateDictError("it is neither a torch.save file nor a safetensors file");
  } else {
    read_zip_file(reader, any ? Content::checkpoint : Content::state_dict);
  }
  return file;
}

const TensorEntry* StateDictFile::find(std::string_view key) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const TensorEntry& entry) { return entry.key == key; });
  return found == entries_.end() ? nullptr : &*found;
}

const char* StateDictFile::first_element(std::size_t i) const {
  return bytes_.data() + layouts_[i].begin + static_cast<std::size_t>(layouts_[i].offset) * item_size(entries_[i].dtype);
}

// How many elements lie in one piece, those of the innermost dimensions, and how many dimensions are further out.
std::pair<std::int64_t, std::size_t> StateDictFile::run(std::size_t i) const {
  const auto& shape = entries_[i].shape;
  std::int64_t length = 1;
  std::size_t outer = shape.size();
  while (outer > 0 && (layouts_[i].stride[outer - 1] == length || shape[outer - 1] == 1)) length *= shape[--outer];
  return {length, outer};
}

void StateDictFile::copy_to(std::size_t i, void* out) const {
  const TensorEntry& entry = entries_.at(i);
  const auto elements = entry.elements();
  if (elements == 0) return;
  const auto size = static_cast<std::int64_t>(item_size(entry.dtype));
  const auto& stride = layouts_[i].stride;
  const auto [length, outer] = run(i);
  std::vector<std::int64_t> index(outer, 0);
  auto* target = static_cast<char*>(out);
  for (std::int64_t done = 0; done < elements; done += length) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < outer; ++d) at += index[d] * stride[d];
    std::memcpy(target + done * size, first_element(i) + at * size, static_cast<std::size_t>(length * size));
    for (std::size_t d = outer; d-- > 0 && ++index[d] == entry.shape[d];) index[d] = 0;
  }
}

const void* StateDictFile::in_place(std::size_t i) const {
  const char* const first = first_element(i);
  const bool aligned = reinterpret_cast<std::uintptr_t>(first) % item_size(entries_[i].dtype) == 0;
  return aligned && run(i).second == 0 ? first : nullptr;
}

}  // namespace torchport::models
