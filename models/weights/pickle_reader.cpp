#include "models/weights/pickle_reader.h"

#include "models/weights/average_name.h"
#include "runtime/text/text.h"
#include "runtime/text/utf8.h"

namespace torchport::models {
namespace {

using pickle::Assignment;
using pickle::Kind;
using pickle::PickleMachine;
using pickle::Value;

// Far beyond any network here (1,214 tensors of 4 dimensions). They bound what the entries of a small file can cost.
constexpr std::size_t kMaxTensors = 50'000, kMaxDimensions = 8;
// Dicts in dicts of a checkpoint, and how many names, or keys that are not tensors, are told.
constexpr std::size_t kMaxDepth = 4, kMaxNames = 20;
// Where training scripts put the state dict within what they save, the best first.
constexpr std::array<std::string_view, 4> kWrappers = {"state_dict", "model_state_dict", "model_state", "model"};

std::string shown(std::string_view text) { return runtime::visible(text.substr(0, 100)); }

std::vector<std::int64_t> integers(const PickleMachine& machine, const Value& tuple) {
  if (tuple.length > kMaxDimensions) machine.refuse("a tensor of " + std::to_string(tuple.length) + " dimensions");
  std::vector<std::int64_t> numbers;
  for (std::size_t i = 0; i < tuple.length; ++i) {
    if (machine.item(tuple, i).kind != Kind::integer) machine.refuse("a shape that is not of numbers");
    numbers.push_back(machine.item(tuple, i).number);
  }
  return numbers;
}

bool is_text(const PickleMachine& machine, const Value& key) {
  return key.kind == Kind::string && runtime::is_utf8(machine.text(key));
}

/// Finds the dicts with tensors, from the outermost in.
class Finder {
 public:
  Finder(const PickleMachine& machine, Content content) : machine_(machine), checkpoint_(content == Content::checkpoint) {
    for (const Assignment& one : machine.assignments()) assignments_[one.dict].push_back(&one);
  }

  /// The dicts in `value`, each once.
  std::vector<PickledDict> find(const Value& value) {
    look_at(value, "", 0);
    return std::move(found_);
  }

  /// What `value` is, for whoever sought a state dict in it in vain.
  std::string describe(const Value& value) const {
    if (value.kind == Kind::object) return "it is an object of '" + machine_.name_of(value) + "' and not a dict of tensors";
    if (value.kind != Kind::dict) return "the pickle is not a dict of tensors";
    std::string text = "no dict in it has tensors";
    const auto items = assignments_.find(value.number);
    if (items == assignments_.end()) return text;
    for (const Assignment* item : items->second) {
      if (item->value.kind == Kind::object && is_text(machine_, item->key))
        return text + ": '" + shown(machine_.text(item->key)) + "' is an object of '" + machine_.name_of(item->value) + "'";
    }
    return text;
  }

 private:
  void look_at(const Value& value, const std::string& name, std::size_t depth) {
    if ((value.kind != Kind::dict && value.kind != Kind::object) || depth > kMaxDepth || !seen_.insert(value.number).second) return;
    const auto items = assignments_.find(value.number);
    if (items == assignments_.end()) {
      if (depth == 0 && value.kind == Kind::dict) found_.push_back({name, {}, {}});  // an empty state dict
      return;
    }
    add_dict(items->second, name);
    if (!checkpoint_) return;
    for (const Assignment* item : items->second) {
      if (is_text(machine_, item->key))
        look_at(item->value, (name.empty() ? "" : name + "/") + shown(machine_.text(item->key)), depth + 1);
    }
  }

  void add_dict(const std::vector<const Assignment*>& items, const std::string& name) {
    PickledDict dict{name, {}, {}};
    std::set<std::string_view> keys;
    for (const Assignment* item : items) {
      const bool tensor = item->value.kind == Kind::tensor;
      if (checkpoint_ && !(tensor && is_text(machine_, item->key))) {
        if (is_text(machine_, item->key)) dict.others.push_back(shown(machine_.text(item->key)));
        continue;
      }
      if (!is_text(machine_, item->key)) machine_.refuse("a key that is not a text");
      const auto key = machine_.text(item->key);
      const auto quoted = "'" + shown(key) + "'";
      if (!tensor) machine_.refuse("the value of " + quoted + " is not a tensor");
      if (!keys.insert(key).second) machine_.refuse("the key " + quoted + " is there twice");
      if (++tensors_ > kMaxTensors) machine_.refuse("more tensors than a network needs");
      dict.tensors.push_back(described(key, machine_.tensor(item->value)));
    }
    if (!checkpoint_ || !dict.tensors.empty()) found_.push_back(std::move(dict));
  }

  PickledTensor described(std::string_view key, const pickle::Tensor& tensor) const {
    const auto& storage = machine_.storage(tensor);
    return {key,
            machine_.text(storage.key),
            storage.dtype,
            storage.elements,
            tensor.offset,
            integers(machine_, tensor.shape),
            integers(machine_, tensor.stride)};
  }

  const PickleMachine& machine_;
  bool checkpoint_;
  std::map<std::int64_t, std::vector<const Assignment*>> assignments_;  ///< by their dict
  std::set<std::int64_t> seen_;
  std::vector<PickledDict> found_;
  std::size_t tensors_ = 0;
};

/// The dict that is meant, as far as names and sizes tell: no average, many tensors, a name that scripts use.
void sort_best_first(std::vector<PickledDict>& dicts) {
  const auto rank = [](const PickledDict& dict) {
    const auto wrapper = std::find(kWrappers.begin(), kWrappers.end(), dict.name);
    return std::tuple(names_average(dict.name), ~dict.tensors.size(), wrapper - kWrappers.begin());
  };
  std::stable_sort(dicts.begin(), dicts.end(), [&](const PickledDict& a, const PickledDict& b) { return rank(a) < rank(b); });
}

pickle::Names names_in(Content content) { return content == Content::checkpoint ? pickle::Names::any : pickle::Names::known; }

}  // namespace

std::vector<PickledTensor> read_state_dict_pickle(std::string_view pickle) {
  return std::move(read_state_dicts(pickle, Content::state_dict).dicts.front().tensors);
}

PickledDicts read_state_dicts(std::string_view pickle, Content content) {
  PickleMachine machine(pickle, pickle::Dialect::zip, "data.pkl", names_in(content));
  const auto value = machine.run();
  if (!machine.rest().empty()) machine.refuse("bytes after the end of the pickle");
  return state_dicts(machine, value, content);
}

PickledDicts state_dicts(const PickleMachine& machine, const Value& value, Content content) {
  Finder finder(machine, content);
  PickledDicts result{finder.find(value), machine.foreign_names(kMaxNames)};
  if (result.dicts.empty() && content == Content::state_dict) machine.refuse("the pickle is not a dict of tensors");
  if (result.dicts.empty()) throw StateDictError(finder.describe(value));
  sort_best_first(result.dicts);
  return result;
}

}  // namespace torchport::models
