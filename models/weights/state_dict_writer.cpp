#include "models/weights/state_dict_writer.h"

#include "models/weights/state_dict_file.h"
#include "models/weights/zip_writer.h"

namespace torchport::models {
namespace {

/// The opcodes of pickle protocol 2 that a state dict needs, as torch.save writes them but for its memo.
class Pickle {
 public:
  Pickle& op(std::string_view opcodes) { return text_ += opcodes, *this; }
  Pickle& global(std::string_view module, std::string_view name) { return op("c").op(module).op("\n").op(name).op("\n"); }
  Pickle& string(std::string_view text) { return op("X").little(text.size(), 4).op(text); }
  Pickle& integer(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    return value >= 0 && value <= INT32_MAX ? op("J").little(bits, 4) : op("\x8a\x08").little(bits, 8);
  }
  Pickle& tuple(const std::vector<std::int64_t>& values) {
    op("(");
    for (const auto value : values) integer(value);
    return op("t");
  }
  Pickle& ordered_dict() { return global("collections", "OrderedDict").op(")R"); }
  const std::string& str() const { return text_; }

 private:
  Pickle& little(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) text_ += static_cast<char>(value >> (8 * i));
    return *this;
  }
  std::string text_;
};

std::int64_t elements(const TensorView& tensor) { return TensorEntry{tensor.key, tensor.dtype, tensor.shape}.elements(); }

std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * std::max<std::int64_t>(shape[i], 1);
  return strides;
}

std::string pickled(const std::vector<TensorView>& tensors) {
  Pickle out;
  out.op("\x80\x02").ordered_dict().op("(");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const TensorView& tensor = tensors[i];
    out.string(tensor.key).global("torch._utils", "_rebuild_tensor_v2").op("(");
    out.op("(").string("storage").global("torch", storage_class(tensor.dtype)).string(std::to_string(i)).string("cpu");
    out.integer(elements(tensor)).op("tQ");
    out.integer(0).tuple(tensor.shape).tuple(contiguous_strides(tensor.shape)).op("\x89").ordered_dict().op("tR");
  }
  return out.op("u.").str();
}

}  // namespace

void write_state_dict(const std::vector<TensorView>& tensors, const std::function<void(const void*, std::size_t)>& sink) {
  ZipWriter zip(sink, "model");
  const auto add = [&](std::string_view name, std::string_view data) { zip.add(name, data.data(), data.size()); };
  add("data.pkl", pickled(tensors));
  add(".format_version", "1");
  add(".storage_alignment", "64");
  add("byteorder", "little");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto bytes = static_cast<std::size_t>(elements(tensors[i])) * item_size(tensors[i].dtype);
    zip.add("data/" + std::to_string(i), tensors[i].data, bytes);
  }
  add("version", "3\n");
  add(".data/serialization_id", zip.content_id());
  zip.finish();
}

}  // namespace torchport::models
