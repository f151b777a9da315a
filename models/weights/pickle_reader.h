// The record data.pkl of a state dict: a pickle, of which only what torch.save writes for a dict of tensors is understood.
// Called by StateDictFile. Nothing is ever executed or looked up by name: the few names that may occur are compared with a list.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/weights/pickle_machine.h"
#include "models/weights/state_dict_file.h"

namespace torchport::models {

/// Whether the pickle must be one state dict and nothing else, or may be all that a training script saves, with state dicts in it.
enum class Content { state_dict, checkpoint };

/// A tensor as the pickle describes it. Nothing here has been compared with the bytes of its storage.
struct PickledTensor {
  std::string_view key;      ///< in the state dict; UTF-8, a view into the pickle
  std::string_view storage;  ///< its elements lie in the record "data/<storage>"
  DType dtype = DType::float32;
  std::int64_t storage_elements = 0;  ///< the storage's length
  std::int64_t offset = 0;            ///< of the first element, in elements
  std::vector<std::int64_t> shape, stride;
};

/// A dict that has tensors among its values.
struct PickledDict {
  std::string name;  ///< its key in the pickled dict, as "state_dict" or "network/weights"; "" is the whole
  std::vector<PickledTensor> tensors;
  std::vector<std::string> others;  ///< keys whose values are something else
};

/// All that is of use in a pickle: its state dicts, best first, and which names it mentions that were not looked up.
struct PickledDicts {
  std::vector<PickledDict> dicts;
  std::vector<std::string> foreign_names;
};

/// The tensors of the dict or OrderedDict that `pickle` (protocols 2 to 4) holds, in its order. An attribute such as torch's
/// `_metadata` is skipped. Memory and time are bounded whatever the bytes. \throws StateDictError
std::vector<PickledTensor> read_state_dict_pickle(std::string_view pickle);

/// The state dicts of a pickle of either content. \throws StateDictError where there is none
PickledDicts read_state_dicts(std::string_view pickle, Content content);

/// The same of a pickle that `machine` has run, with `value` as its result. \throws StateDictError
PickledDicts state_dicts(const pickle::PickleMachine& machine, const pickle::Value& value, Content content);

}  // namespace torchport::models
