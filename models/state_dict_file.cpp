#include "models/state_dict_file.h"

#include "models/pickle_reader.h"
#include "models/zip_reader.h"
#include "runtime/files.h"
#include "runtime/text.h"

namespace torchport::models {

std::int64_t TensorEntry::elements() const {
  std::int64_t product = 1;
  for (const auto size : shape) product *= size;  // the reader has refused products beyond the file's size
  return product;
}

/// Fills a StateDictFile from its bytes, comparing what the pickle claims with what the archive holds.
class StateDictReader {
 public:
  explicit StateDictReader(StateDictFile& file) : file_(file), records_(read_zip(file.bytes_)) {}

  void read() {
    const auto version = record("version");
    if (version != "1" && version != "2" && version != "3" && version != "1\n" && version != "2\n" && version != "3\n") {
      throw StateDictError("the file's version is unknown");
    }
    if (const auto order = find("byteorder"); order && *order != "little")
      throw StateDictError("its numbers are not little-endian");
    for (auto& tensor : read_state_dict_pickle(record("data.pkl"))) add(tensor);
  }

 private:
  std::optional<std::string_view> find(std::string_view name) const {
    const auto found =
        std::lower_bound(records_.begin(), records_.end(), name, [](const ZipRecord& r, auto n) { return r.name < n; });
    if (found == records_.end() || found->name != name) return std::nullopt;
    return found->data;
  }

  std::string_view record(const std::string& name) const {
    const auto data = find(name);
    if (!data) throw StateDictError("it lacks the record '" + runtime::visible(name.substr(0, 100)) + "'");
    return *data;
  }

  void add(PickledTensor& tensor) {
    const auto refuse = [&](const std::string& reason) {
      throw StateDictError("'" + runtime::visible(tensor.key.substr(0, 100)) + "' " + reason);
    };
    const auto data = record("data/" + std::string(tensor.storage));
    const auto size = static_cast<std::int64_t>(item_size(tensor.dtype));
    const auto held = static_cast<std::int64_t>(data.size());
    if (std::int64_t bytes = 0; __builtin_mul_overflow(tensor.storage_elements, size, &bytes) || bytes != held) {
      refuse("needs a storage of " + std::to_string(tensor.storage_elements) + " x " + std::to_string(size) + " bytes, but data/" +
             runtime::visible(tensor.storage) + " holds " + std::to_string(held) + " bytes");
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
  }

  StateDictFile& file_;
  std::vector<ZipRecord> records_;
};

StateDictFile StateDictFile::open(const std::filesystem::path& path) { return parse(runtime::read_file(path)); }

StateDictFile StateDictFile::parse(std::string bytes) {
  StateDictFile file;
  file.bytes_ = std::move(bytes);
  StateDictReader(file).read();
  return file;
}

const TensorEntry* StateDictFile::find(std::string_view key) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const TensorEntry& entry) { return entry.key == key; });
  return found == entries_.end() ? nullptr : &*found;
}

void StateDictFile::copy_to(std::size_t i, void* out) const {
  const TensorEntry& entry = entries_.at(i);
  const Layout& layout = layouts_.at(i);
  const auto size = static_cast<std::int64_t>(item_size(entry.dtype));
  const auto elements = entry.elements();
  if (elements == 0) return;
  const char* source = bytes_.data() + layout.begin + layout.offset * size;
  // The innermost dimensions that lie in one piece are copied as one run.
  std::int64_t run = 1;
  std::size_t outer = entry.shape.size();
  while (outer > 0 && (layout.stride[outer - 1] == run || entry.shape[outer - 1] == 1)) run *= entry.shape[--outer];
  std::vector<std::int64_t> index(outer, 0);
  auto* target = static_cast<char*>(out);
  for (std::int64_t done = 0; done < elements; done += run) {
    std::int64_t at = 0;
    for (std::size_t d = 0; d < outer; ++d) at += index[d] * layout.stride[d];
    std::memcpy(target + done * size, source + at * size, static_cast<std::size_t>(run * size));
    for (std::size_t d = outer; d-- > 0 && ++index[d] == entry.shape[d];) index[d] = 0;
  }
}

}  // namespace torchport::models
