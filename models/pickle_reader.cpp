#include "models/pickle_reader.h"

#include "models/pickle_machine.h"
#include "models/utf8.h"
#include "runtime/text.h"

namespace torchport::models {
namespace {

using pickle::Kind;

// Far beyond any network here (1,214 tensors of 4 dimensions). They bound what the entries of a small file can cost.
constexpr std::size_t kMaxTensors = 50'000, kMaxDimensions = 8;

std::vector<std::int64_t> integers(const pickle::PickleMachine& machine, const pickle::Value& tuple) {
  if (tuple.length > kMaxDimensions) machine.refuse("a tensor of " + std::to_string(tuple.length) + " dimensions");
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < tuple.length; ++i) {
    if (machine.item(tuple, i).kind != Kind::integer) machine.refuse("a shape that is not of numbers");
    numbers.push_back(machine.item(tuple, i).number);
  }
  return numbers;
}

}  // namespace

std::vector<PickledTensor> read_state_dict_pickle(std::string_view pickle) {
  pickle::PickleMachine machine(pickle);
  const auto dict = machine.run();
  if (dict.kind != Kind::dict) machine.refuse("the pickle is no dict of tensors");
  std::vector<PickledTensor> tensors;
  std::set<std::string_view> keys;
  for (const auto& [owner, key, value] : machine.assignments()) {
    if (owner != dict.number) continue;
    if (key.kind != Kind::string || !is_utf8(machine.text(key))) machine.refuse("a key that is no text");
    const auto text = machine.text(key);
    const auto name = "'" + runtime::visible(text.substr(0, 100)) + "'";
    if (value.kind != Kind::tensor) machine.refuse("the value of " + name + " is no tensor");
    if (!keys.insert(text).second) machine.refuse("the key " + name + " is there twice");
    if (keys.size() > kMaxTensors) machine.refuse("more tensors than a network needs");
    const auto& tensor = machine.tensor(value);
    const auto& storage = machine.storage(tensor);
    tensors.push_back({text, machine.text(storage.key), storage.dtype, storage.elements, tensor.offset,
                       integers(machine, tensor.shape), integers(machine, tensor.stride)});
  }
  return tensors;
}

}  // namespace torchport::models
