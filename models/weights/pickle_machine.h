// The stack machine that a pickle is a program for (Lib/pickletools.py describes each opcode), cut down to state dicts.
// Used by the readers of pickles; it makes plain values, calls nothing, and neither nesting nor cycles cost it stack or memory.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/weights/byte_reader.h"
#include "models/weights/state_dict_file.h"

namespace torchport::models::pickle {

/// What a pickle may name. A storage class is `kStorages` plus its DType.
enum Global : std::int64_t {
  kOrderedDict,
  kRebuildTensor,
  kRebuildOldTensor,
  kRebuildParameter,
  kParameter,
  kForeign,  ///< any other name; never looked up
  kStorages
};

/// What becomes of a name that no state dict needs: it is refused, or whatever Python would make with it is an object of which
/// nothing is known but that name. A checkpoint holds such things beside its weights. Nothing is ever executed.
enum class Names { known, any };

/// Who wrote a pickle: torch 1.6 and later into a zip archive, or torch before that, perhaps under Python 2, into a file of
/// pickles.
enum class Dialect { zip, legacy };

enum class Kind : std::uint8_t { none, boolean, integer, real, bytes, string, global, tuple, list, dict, storage, tensor, object };

/// A pickled value, without ownership: containers are indices, so that no nesting or cycle costs stack or memory.
struct Value {
  Kind kind = Kind::none;
  std::uint32_t length = 0;  ///< of strings (bytes) and tuples (items); of objects and foreign globals the index of their name
  std::int64_t number = 0;  ///< the number itself; or the begin of the string or the items; or an index (objects are dicts too); or
                            ///< a Global
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
  explicit PickleMachine(std::string_view bytes, Dialect dialect = Dialect::zip, std::string_view what = "data.pkl",
                         Names names = Names::known)
      : dialect_(dialect), names_(names), what_(what), pickle_(bytes), reader_(bytes, what) {}

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
  /// In the order in which the pickle makes them, of all its dicts, and of objects that take items as a dict does.
  const std::vector<Assignment>& assignments() const { return assignments_; }
  /// Likewise of all its lists.
  const std::vector<Appended>& appended() const { return appended_; }
  /// "argparse.Namespace": what made an object, in printable characters.
  std::string name_of(const Value& object) const { return foreign_name(object.length); }
  /// The names that were not known, each once, in the order of the pickle, at most `most`.
  std::vector<std::string> foreign_names(std::size_t most) const;
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
  void push_foreign(Kind kind, std::string_view module, std::string_view name);
  void push_object(std::size_t name) { push(Kind::object, dicts_++, name); }
  std::string foreign_name(std::size_t index) const;
  std::string_view line();
  void set_items(std::size_t begin);
  void append_items(std::size_t begin);
  void build();
  void load_storage();
  void reduce();
  void make_new(std::size_t arguments);
  void skip(std::size_t bytes);
  void rebuild_tensor(const Value& arguments, std::size_t count);
  void protocol();
  void step(std::uint8_t opcode);
  bool step_number(std::uint8_t opcode);
  bool step_foreign(std::uint8_t opcode);

  Dialect dialect_;
  Names names_;
  std::string_view what_, pickle_;
  ByteReader reader_;
  std::vector<Value> stack_, memo_, items_;
  std::vector<std::size_t> marks_;
  std::vector<Storage> storages_;
  std::vector<Tensor> tensors_;
  std::vector<Assignment> assignments_;
  std::vector<Appended> appended_;
  std::vector<std::pair<std::string_view, std::string_view>> foreign_;  ///< module and name, views into the pickle
  std::int64_t dicts_ = 0, lists_ = 0;
  std::size_t values_ = 0;  // made so far
};

}  // namespace torchport::models::pickle
