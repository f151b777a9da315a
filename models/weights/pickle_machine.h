// The stack machine that a pickle is a program for (Lib/pickletools.py describes each opcode), cut down to state dicts.
// Used by read_state_dict_pickle; it makes plain values, calls nothing, and neither nesting nor cycles cost it stack or memory.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/weights/byte_reader.h"
#include "models/weights/state_dict_file.h"

namespace torchport::models::pickle {

/// What a pickle may name. A storage class is `kStorages` plus its DType.
enum Global : std::int64_t { kOrderedDict, kRebuildTensor, kRebuildOldTensor, kRebuildParameter, kParameter, kStorages };

/// Who wrote a pickle: torch 1.6 and later into a zip archive, or torch before that, perhaps under Python 2, into a file of
/// pickles.
enum class Dialect { zip, legacy };

enum class Kind : std::uint8_t { none, boolean, integer, real, string, global, tuple, list, dict, storage, tensor };

/// A pickled value, without ownership: containers are indices, so that no nesting or cycle costs stack or memory.
struct Value {
  Kind kind = Kind::none;
  std::uint32_t length = 0;  ///< of strings (bytes) and tuples (items)
  std::int64_t number = 0;   ///< the number itself; or the begin of the string or the items; or an index; or a Global
};

struct Storage {
  DType dtype;
  Value key;
  std::int64_t elements;
};

struct Tensor {
  std::int64_t storage, offset;
  Value shape, stride;
};

/// `dict[key] = value`.
struct Assignment {
  std::int64_t dict;
  Value key, value;
};

/// The list gets `value` at its end.
struct Appended {
  std::int64_t list;
  Value value;
};

/// Every member throws StateDictError for what torch.save does not write.
class PickleMachine {
 public:
  /// `bytes` begin with the pickle; `what` names it in errors.
  explicit PickleMachine(std::string_view bytes, Dialect dialect = Dialect::zip, std::string_view what = "data.pkl")
      : dialect_(dialect), what_(what), pickle_(bytes), reader_(bytes, what) {}

  /// Runs the pickle to its end and returns the one value that it is.
  Value run();
  /// What follows the pickle, after run().
  std::string_view rest() const { return pickle_.substr(reader_.position()); }

  std::string_view text(const Value& string) const {
    return pickle_.substr(static_cast<std::size_t>(string.number), string.length);
  }
  const Value& item(const Value& tuple, std::size_t i) const { return items_[static_cast<std::size_t>(tuple.number) + i]; }
  const Tensor& tensor(const Value& value) const { return tensors_[static_cast<std::size_t>(value.number)]; }
  const Storage& storage(const Tensor& tensor) const { return storages_[static_cast<std::size_t>(tensor.storage)]; }
  const std::vector<Storage>& storages() const { return storages_; }
  /// In the order in which the pickle makes them, of all its dicts.
  const std::vector<Assignment>& assignments() const { return assignments_; }
  /// Likewise of all its lists.
  const std::vector<Appended>& appended() const { return appended_; }
  [[noreturn]] void refuse(const std::string& reason) const {
    throw StateDictError(std::string(what_) + ", byte " + std::to_string(reader_.position()) + ": " + reason);
  }

 private:
  void push(Kind kind, std::int64_t number = 0, std::size_t length = 0);
  Value pop();
  Value pop(Kind kind, const char* wanted);
  void push_mark();
  std::size_t pop_mark();
  std::size_t fence() const { return marks_.empty() ? 0 : marks_.back(); }  // values below the last mark are out of reach
  std::size_t topmost(std::size_t count) const;
  void remember(std::size_t index);
  void recall(std::size_t index);
  void push_string(std::size_t length);
  void push_tuple(std::size_t begin);
  void push_long();
  void push_global(std::string_view module, std::string_view name);
  std::string_view line();
  void set_items(std::size_t begin);
  void append_items(std::size_t begin);
  void build();
  void load_storage();
  void reduce();
  void rebuild_tensor(const Value& arguments, std::size_t count);
  void protocol();
  void step(std::uint8_t opcode);
  bool step_number(std::uint8_t opcode);

  Dialect dialect_;
  std::string_view what_, pickle_;
  ByteReader reader_;
  std::vector<Value> stack_, memo_, items_;
  std::vector<std::size_t> marks_;
  std::vector<Storage> storages_;
  std::vector<Tensor> tensors_;
  std::vector<Assignment> assignments_;
  std::vector<Appended> appended_;
  std::int64_t dicts_ = 0, lists_ = 0;
  std::size_t values_ = 0;  // made so far
};

}  // namespace torchport::models::pickle
