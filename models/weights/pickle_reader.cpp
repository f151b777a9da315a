#include "models/weights/pickle_reader.h"

#include "runtime/text/text.h"
#include "runtime/text/utf8.h"

namespace torchport::models {
namespace {

using pickle::Kind;

// Far beyond any network here (1,214 tensors of 4 dimensions). They bound what the entries of a small file can cost.
constexpr std::size_t kMaxTensors = 50'000, kMaxDimensions = 8;

// Where training scripts put the state dict within what they save, the first that is there.
constexpr std::array<std::string_view, 4> kWrappers = {"state_dict", "model_state_dict", "model_state", "model"};

std::vector<std::int64_t> integers(const pickle::PickleMachine& machine, const pickle::Value& tuple) {
  if (tuple.length > kMaxDimensions) machine.refuse("a tensor of " + std::to_string(tuple.length) + " dimensions");
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < tuple.length; ++i) {
    if (machine.item(tuple, i).kind != Kind::integer) machine.refuse("a shape that is not of numbers");
    numbers.push_back(machine.item(tuple, i).number);
  }
  return numbers;
}

/// The dict that `wrapper` holds under one of the known names, else `wrapper`.
pickle::Value unwrapped(const pickle::PickleMachine& machine, const pickle::Value& wrapper) {
  for (const auto name : kWrappers) {
    for (const auto& [owner, key, value] : machine.assignments()) {
      const bool named = owner == wrapper.number && key.kind == Kind::string && machine.text(key) == name;
      if (named && value.kind == Kind::dict) return value;
    }
  }
  return wrapper;
}

}  // namespace

std::vector<PickledTensor> read_state_dict_pickle(std::string_view pickle, Wrapped wrapped) {
  pickle::PickleMachine machine(pickle);
  const auto value = machine.run();
  if (!machine.rest().empty()) machine.refuse("bytes after the end of the pickle");
  return state_dict_tensors(machine, value, wrapped);
}

std::vector<PickledTensor> state_dict_tensors(const pickle::PickleMachine& machine, const pickle::Value& value, Wrapped wrapped) {
  const auto dict = wrapped == Wrapped::perhaps && value.kind == Kind::dict ? unwrapped(machine, value) : value;
  if (dict.kind != Kind::dict) machine.refuse("the pickle is not a dict of tensors");
  std::vector<PickledTensor> tensors;
  std::set<std::string_view> keys;
  for (const auto& [owner, key, item] : machine.assignments()) {
    if (owner != dict.number) continue;
    if (key.kind != Kind::string || !runtime::is_utf8(machine.text(key))) machine.refuse("a key that is not a text");
    const auto text = machine.text(key);
    const auto name = "'" + runtime::visible(text.substr(0, 100)) + "'";
    if (item.kind != Kind::tensor) machine.refuse("the value of " + name + " is not a tensor");
    if (!keys.insert(text).second) machine.refuse("the key " + name + " is there twice");
    if (keys.size() > kMaxTensors) machine.refuse("more tensors than a network needs");
    const auto& tensor = machine.tensor(item);
    const auto& storage = machine.storage(tensor);
    tensors.push_back({text, machine.text(storage.key), storage.dtype, storage.elements, tensor.offset,
                       integers(machine, tensor.shape), integers(machine, tensor.stride)});
  }
  return tensors;
}

}  // namespace torchport::models
