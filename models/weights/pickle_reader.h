// The record data.pkl of a state dict: a pickle, of which only what torch.save writes for a dict of tensors is understood.
// Called by StateDictFile. Nothing is ever executed or looked up by name: the few names that may occur are compared with a list.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "models/weights/pickle_machine.h"
#include "models/weights/state_dict_file.h"

namespace torchport::models {

/// Whether the state dict may also be one value of the pickled dict, under a name such as "state_dict".
enum class Wrapped { no, perhaps };

/// A tensor as the pickle describes it. Nothing here has been compared with the bytes of its storage.
struct PickledTensor {
  std::string_view key;      ///< in the state dict; UTF-8, a view into the pickle
  std::string_view storage;  ///< its elements lie in the record "data/<storage>"
  DType dtype = DType::float32;
  std::int64_t storage_elements = 0;  ///< the storage's length
  std::int64_t offset = 0;            ///< of the first element, in elements
  std::vector<std::int64_t> shape, stride;
};

/// The tensors of the dict or OrderedDict that `pickle` (protocols 2 to 4) holds, in its order. An attribute such as torch's
/// `_metadata` is skipped. Memory and time are bounded whatever the bytes. \throws StateDictError
std::vector<PickledTensor> read_state_dict_pickle(std::string_view pickle, Wrapped wrapped = Wrapped::no);

/// The same of a pickle that `machine` has run, with `value` as its result. \throws StateDictError
std::vector<PickledTensor> state_dict_tensors(const pickle::PickleMachine& machine, const pickle::Value& value, Wrapped wrapped);

}  // namespace torchport::models
