// Torch before 1.6 wrote five pickles one after the other, a magic number, a version, facts of the machine, the object and the keys
// of its storages, and then each storage as a 64-bit count and its elements.
#include "models/weights/legacy_file.h"

#include "models/weights/pickle_machine.h"
#include "runtime/text/text.h"

namespace torchport::models {
namespace {

using pickle::Kind;
using pickle::PickleMachine;

// The first two pickles, in full: protocol 2, LONG1 0x1950a86a20f9469cfc6c, and protocol 2, BININT2 1001.
constexpr std::string_view kMagic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
constexpr std::string_view kVersion("\x80\x02M\xe9\x03.", 6);

constexpr std::string_view kWhat = "the pickle";

PickleMachine machine_for(std::string_view bytes, pickle::Names names = pickle::Names::known) {
  return PickleMachine(bytes, pickle::Dialect::legacy, kWhat, names);
}

/// Passes over the facts of the machine that wrote the file, of which one counts. Returns what follows.
std::string_view skip_system(std::string_view bytes) {
  PickleMachine machine = machine_for(bytes);
  const auto dict = machine.run();
  for (const auto& [owner, key, value] : machine.assignments()) {
    const bool order = owner == dict.number && key.kind == Kind::string && machine.text(key) == "little_endian";
    if (order && value.kind == Kind::boolean && value.number == 1) return machine.rest();
  }
  throw StateDictError("its numbers are not little-endian");
}

/// The storages' bytes by key. `sizes` are the bytes of one element of each.
using Storages = std::map<std::string_view, std::string_view>;
Storages read_storages(std::string_view bytes, const std::map<std::string_view, std::size_t>& sizes) {
  PickleMachine machine = machine_for(bytes);
  const auto list = machine.run();
  ByteReader reader(machine.rest(), "the file's part with the storages");
  Storages storages;
  for (const auto& [owner, key] : machine.appended()) {
    if (list.kind != Kind::list || owner != list.number || key.kind != Kind::string)
      machine.refuse("the storages' keys are not a list of texts");
    const auto size = sizes.find(machine.text(key));
    const auto name = "'" + runtime::visible(machine.text(key).substr(0, 100)) + "'";
    if (size == sizes.end()) throw StateDictError("the storage " + name + " belongs to no tensor");
    const auto count = reader.number<std::uint64_t>();
    if (count > reader.remaining() / size->second) throw StateDictError("the storage " + name + " reaches beyond the file");
    if (!storages.emplace(size->first, reader.take(count * size->second)).second) {
      throw StateDictError("the storage " + name + " is there twice");
    }
  }
  if (reader.remaining() != 0) throw StateDictError("the file holds bytes after its last storage");
  return storages;
}

}  // namespace

bool is_legacy_file(std::string_view bytes) { return bytes.starts_with(kMagic); }

void read_legacy_file(StateDictReader& reader) {
  std::string_view bytes = reader.bytes().substr(kMagic.size());
  if (!bytes.starts_with(kVersion)) throw StateDictError("the file's version is unknown");
  PickleMachine machine = machine_for(skip_system(bytes.substr(kVersion.size())), pickle::Names::any);
  const auto value = machine.run();
  PickledDicts found = state_dicts(machine, value, Content::checkpoint);

  std::map<std::string_view, std::size_t> sizes;
  for (const auto& storage : machine.storages()) {
    const auto size = item_size(storage.dtype);
    if (sizes.emplace(machine.text(storage.key), size).first->second != size) {
      throw StateDictError("a storage is used with elements of two sizes");
    }
  }
  const Storages storages = read_storages(machine.rest(), sizes);
  reader.mention(std::move(found.foreign_names));
  for (PickledDict& dict : found.dicts) {
    reader.begin(std::move(dict.name), std::move(dict.others));
    for (PickledTensor& tensor : dict.tensors) {
      const std::string name = "the storage " + runtime::visible(tensor.storage.substr(0, 100));
      const auto storage = storages.find(tensor.storage);
      if (storage == storages.end()) throw StateDictError("it lacks " + name);
      reader.add(std::move(tensor), storage->second, name);
    }
  }
}

}  // namespace torchport::models
