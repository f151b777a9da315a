#include "models/weights/zip_file.h"

#include "models/weights/zip_reader.h"
#include "runtime/text/text.h"

namespace torchport::models {
namespace {

class Records {
 public:
  explicit Records(std::string_view archive) : records_(read_zip(archive)) {}

  std::optional<std::string_view> find(std::string_view name) const {
    const auto found =
        std::lower_bound(records_.begin(), records_.end(), name, [](const ZipRecord& r, auto n) { return r.name < n; });
    if (found == records_.end() || found->name != name) return std::nullopt;
    return found->data;
  }

  std::string_view get(const std::string& name) const {
    const auto data = find(name);
    if (!data) throw StateDictError("it lacks the record '" + runtime::visible(name.substr(0, 100)) + "'");
    return *data;
  }

 private:
  std::vector<ZipRecord> records_;
};

}  // namespace

void read_zip_file(StateDictReader& reader, Content content) {
  const Records records(reader.bytes());
  const auto version = records.get("version");
  if (version != "1" && version != "2" && version != "3" && version != "1\n" && version != "2\n" && version != "3\n") {
    throw StateDictError("the file's version is unknown");
  }
  if (const auto order = records.find("byteorder"); order && *order != "little")
    throw StateDictError("its numbers are not little-endian");
  PickledDicts found = read_state_dicts(records.get("data.pkl"), content);
  reader.mention(std::move(found.foreign_names));
  for (PickledDict& dict : found.dicts) {
    reader.begin(std::move(dict.name), std::move(dict.others));
    for (PickledTensor& tensor : dict.tensors) {
      const std::string record = "data/" + std::string(tensor.storage);
      reader.add(std::move(tensor), records.get(record), record);
    }
  }
}

}  // namespace torchport::models
