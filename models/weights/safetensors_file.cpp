// A 64-bit length N, a JSON header of N bytes, and the tensors' bytes.
// {"conv1.weight": {"dtype": "F32", "shape": [64, 3, 7, 7], "data_offsets": [0, 37632]}, ..., "__metadata__": {"format": "pt"}}
#include "models/weights/safetensors_file.h"

#include "models/weights/byte_reader.h"
#include "runtime/text/json.h"
#include "runtime/text/text.h"

namespace torchport::models {
namespace {

using nlohmann::json;

constexpr const char* kMetadata = "__metadata__";
constexpr std::size_t kAlignment = 8;  // of the first tensor, as the format asks
// The largest network here has 1,214 tensors, and the state of its training less than four times as many.
constexpr std::size_t kMaxHeader = std::size_t{4} << 20, kMaxTensors = 5'000, kMaxDimensions = 8;
constexpr runtime::JsonLimits kLimits{3, kMaxTensors*(4 + 2 + kMaxDimensions)};

struct TypeName {
  std::string_view name;
  DType dtype;
};
constexpr std::array kTypes = {TypeName{"F64", DType::float64},   TypeName{"F32", DType::float32}, TypeName{"F16", DType::float16},
                               TypeName{"BF16", DType::bfloat16}, TypeName{"I64", DType::int64},   TypeName{"I32", DType::int32},
                               TypeName{"I16", DType::int16},     TypeName{"I8", DType::int8},     TypeName{"U8", DType::uint8},
                               TypeName{"BOOL", DType::boolean}};

std::string shown(std::string_view text) { return "'" + runtime::visible(text.substr(0, 100)) + "'"; }

[[noreturn]] void refuse(const std::string& reason) { throw StateDictError("its header " + reason); }

json parse_header(std::string_view text) {
  try {
    json header = runtime::parse_json(text, kLimits);
    if (header.size() > kMaxTensors) refuse("has more tensors than a network needs");
    return header;
  } catch (const runtime::JsonError& error) {
    refuse(error.reason);
  }
}

/// A list of whole numbers from 0 on.
std::vector<std::int64_t> numbers(const json& entry, const char* key, const std::string& name) {
  const auto list = entry.find(key);
  if (list == entry.end() || !list->is_array()) refuse("has no list '" + std::string(key) + "' of " + name);
  if (list->size() > kMaxDimensions) refuse("has too long a list '" + std::string(key) + "' of " + name);
  std::vector<std::int64_t> values;
  for (const json& item : *list) {
    const auto number = runtime::whole_number(item);
    if (!number || *number < 0) refuse("has no whole numbers in '" + std::string(key) + "' of " + name);
    values.push_back(*number);
  }
  return values;
}

DType read_dtype(const json& entry, const std::string& name) {
  const auto type = entry.find("dtype");
  if (type == entry.end() || !type->is_string()) refuse("has no 'dtype' of " + name);
  for (const TypeName& row : kTypes) {
    if (row.name == type->get_ref<const std::string&>()) return row.dtype;
  }
  refuse("has the dtype " + shown(type->get_ref<const std::string&>()) + " of " + name + ", which is not known here");
}

/// Strides of a tensor whose elements lie in row-major order, and their number. \throws StateDictError where that overflows
std::pair<std::vector<std::int64_t>, std::int64_t> row_major(const std::vector<std::int64_t>& shape, const std::string& name) {
  std::vector<std::int64_t> stride(shape.size());
  std::int64_t elements = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    stride[i] = elements;
    if (__builtin_mul_overflow(elements, shape[i], &elements)) refuse("has too large a shape of " + name);
  }
  return {stride, elements};
}

/// A tensor, and where its bytes begin and end behind the header.
struct Tensor {
  PickledTensor tensor;
  std::int64_t begin, end;
};

Tensor read_tensor(const std::string& key, const json& entry) {
  const std::string name = shown(key);
  if (!entry.is_object() || entry.size() != 3) refuse("has another entry of " + name + " than dtype, shape and data_offsets");
  const auto offsets = numbers(entry, "data_offsets", name);
  if (offsets.size() != 2 || offsets[1] < offsets[0]) refuse("has no begin and end in 'data_offsets' of " + name);
  Tensor result{{key, {}, read_dtype(entry, name), 0, 0, numbers(entry, "shape", name), {}}, offsets[0], offsets[1]};
  std::tie(result.tensor.stride, result.tensor.storage_elements) = row_major(result.tensor.shape, name);
  return result;
}

std::map<std::string, std::string> read_metadata(const json& metadata) {
  const auto is_text = [](const json& value) { return value.is_string(); };
  if (!metadata.is_object() || !std::all_of(metadata.begin(), metadata.end(), is_text))
    refuse("has something else than texts in '__metadata__'");
  return metadata.get<std::map<std::string, std::string>>();
}

}  // namespace

void read_safetensors_file(StateDictReader& reader) {
  ByteReader file(reader.bytes(), "the file");
  const auto length = file.number<std::uint64_t>();
  if (length > kMaxHeader || length > file.remaining()) refuse("would be of " + std::to_string(length) + " bytes");
  const json header = parse_header(file.take(length));
  const std::string_view data = reader.bytes().substr(file.position());

  std::vector<Tensor> tensors;
  for (auto entry = header.begin(); entry != header.end(); ++entry) {
    if (entry.key() == kMetadata) {
      reader.note(read_metadata(entry.value()));
    } else {
      tensors.push_back(read_tensor(entry.key(), entry.value()));
    }
  }
  std::sort(tensors.begin(), tensors.end(),
            [](const Tensor& a, const Tensor& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  reader.begin("", {});
  std::int64_t place = 0;
  for (Tensor& one : tensors) {
    const std::string name = shown(one.tensor.key);
    if (one.begin != place) refuse("leaves a gap or an overlap before " + name);
    place = one.end;
    if (static_cast<std::uint64_t>(place) > data.size()) throw StateDictError(name + " reaches beyond the file");
    const auto size = static_cast<std::size_t>(one.end - one.begin);
    reader.add(std::move(one.tensor), data.substr(static_cast<std::size_t>(one.begin), size), "its place");
  }
  if (static_cast<std::uint64_t>(place) != data.size()) throw StateDictError("the file holds bytes after its last tensor");
}

std::string safetensors_head(const std::vector<TensorEntry>& tensors, const std::map<std::string, std::string>& metadata) {
  const auto name_of = [](DType dtype) {
    return std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeName& row) { return row.dtype == dtype; })->name;
  };
  json header = json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  std::size_t place = 0;
  for (const TensorEntry& tensor : tensors) {
    const std::size_t end = place + tensor.bytes();
    header[tensor.key] = {{"dtype", name_of(tensor.dtype)}, {"shape", tensor.shape}, {"data_offsets", {place, end}}};
    place = end;
  }
  std::string text = header.dump();
  text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
  std::string head;
  for (std::size_t i = 0; i < sizeof(std::uint64_t); ++i) head += static_cast<char>(std::uint64_t{text.size()} >> (8 * i));
  return head + text;
}

}  // namespace torchport::models
