#include "models/weights/pickle_machine.h"

#include <bit>

#include "models/weights/pickle_reader.h"
#include "runtime/text/text.h"

namespace torchport::models::pickle {
namespace {

// Several times what the largest network needs (about 60,000). As a value costs at most some 100 bytes, it bounds the memory.
constexpr std::size_t kMaxValues = 600'000;

}  // namespace

void PickleMachine::push(Kind kind, std::int64_t number, std::size_t length) {
  if (++values_ > kMaxValues) refuse("more values than a state dict needs");
  stack_.push_back({kind, static_cast<std::uint32_t>(length), number});
}

/// Where the `count` topmost values begin.
std::size_t PickleMachine::topmost(std::size_t count) const {
  if (stack_.size() - fence() < count) refuse("the pickle takes a value that it has not made");
  return stack_.size() - count;
}

Value PickleMachine::pop() {
  const Value value = stack_[topmost(1)];
  stack_.pop_back();
  return value;
}

Value PickleMachine::pop(Kind kind, const char* wanted) {
  const Value value = pop();
  if (value.kind != kind) refuse(std::string("something else where ") + wanted + " belongs");
  return value;
}

void PickleMachine::push_mark() {
  if (++values_ > kMaxValues) refuse("more values than a state dict needs");
  marks_.push_back(stack_.size());
}

std::size_t PickleMachine::pop_mark() {
  if (marks_.empty()) refuse("a mark is missing");
  const auto begin = marks_.back();
  marks_.pop_back();
  return begin;
}

void PickleMachine::remember(std::size_t index) {
  if (index > memo_.size()) refuse("a memo number is skipped");  // so that the memo is no larger than the pickle
  const Value value = stack_[topmost(1)];
  if (index == memo_.size()) memo_.emplace_back();
  memo_[index] = value;
}

void PickleMachine::recall(std::size_t index) {
  if (index >= memo_.size()) refuse("a memo is read before it is written");
  push(memo_[index].kind, memo_[index].number, memo_[index].length);
}

void PickleMachine::push_string(std::size_t length) {
  const auto begin = reader_.position();
  reader_.take(length);
  push(Kind::string, static_cast<std::int64_t>(begin), length);
}

void PickleMachine::push_tuple(std::size_t begin) {
  const auto first = items_.size();
  items_.insert(items_.end(), stack_.begin() + static_cast<std::ptrdiff_t>(begin), stack_.end());
  stack_.resize(begin);
  push(Kind::tuple, static_cast<std::int64_t>(first), items_.size() - first);
}

/// LONG1: a two's complement number of as many bytes as it needs.
void PickleMachine::push_long() {
  const auto bytes = reader_.take(reader_.number<std::uint8_t>());
  if (bytes.size() > sizeof(std::int64_t) && names_ == Names::any) return push(Kind::bytes);
  if (bytes.size() > sizeof(std::int64_t)) refuse("a number of more than 64 bits");
  std::uint64_t number = !bytes.empty() && (bytes.back() & 0x80) ? ~std::uint64_t{0} : 0;
  for (std::size_t i = bytes.size(); i-- > 0;) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  push(Kind::integer, std::bit_cast<std::int64_t>(number));
}

std::string_view PickleMachine::line() {
  const auto begin = reader_.position();
  while (reader_.take(1) != "\n") {
    if (reader_.position() - begin > 256) refuse("a name of more than 256 bytes");
  }
  return pickle_.substr(begin, reader_.position() - begin - 1);
}

void PickleMachine::push_global(std::string_view module, std::string_view name) {
  if (module == "collections" && name == "OrderedDict") return push(Kind::global, kOrderedDict);
  if (module == "torch._utils" && name == "_rebuild_tensor_v2") return push(Kind::global, kRebuildTensor);
  if (module == "torch._utils" && name == "_rebuild_parameter") return push(Kind::global, kRebuildParameter);
  if (dialect_ == Dialect::legacy) {
    if (module == "torch._utils" && name == "_rebuild_tensor") return push(Kind::global, kRebuildOldTensor);
    if (module == "torch.nn.parameter" && name == "Parameter") return push(Kind::global, kParameter);
  }
  if (const auto dtype = module == "torch" ? stored_dtype(name) : std::nullopt) {
    return push(Kind::global, kStorages + static_cast<std::int64_t>(*dtype));
  }
  push_foreign(Kind::global, module, name);
  if (names_ == Names::known) refuse("it names '" + foreign_name(foreign_.size() - 1) + "', which no state dict of tensors needs");
}

/// What a name that is not known stands for, or what something of that name would make.
void PickleMachine::push_foreign(Kind kind, std::string_view module, std::string_view name) {
  foreign_.emplace_back(module, name);
  if (kind == Kind::object) return push_object(foreign_.size() - 1);
  push(kind, kForeign, foreign_.size() - 1);
}

std::string PickleMachine::foreign_name(std::size_t index) const {
  const auto& [module, name] = foreign_.at(index);
  return runtime::visible(module.substr(0, 100)) + "." + runtime::visible(name.substr(0, 100));
}

std::vector<std::string> PickleMachine::foreign_names(std::size_t most) const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < foreign_.size() && names.size() < most; ++i) {
    const auto before = std::find(foreign_.begin(), foreign_.begin() + static_cast<std::ptrdiff_t>(i), foreign_[i]);
    if (before == foreign_.begin() + static_cast<std::ptrdiff_t>(i)) names.push_back(foreign_name(i));
  }
  return names;
}

/// SETITEM and SETITEMS: the stack holds keys and values from `begin` on, above the dict that takes them.
void PickleMachine::set_items(std::size_t begin) {
  if ((stack_.size() - begin) % 2 != 0) refuse("a key without a value");
  const bool dict = begin > fence() && (stack_[begin - 1].kind == Kind::dict || stack_[begin - 1].kind == Kind::object);
  if (!dict) refuse("something else where a dict belongs");
  for (std::size_t i = begin; i < stack_.size(); i += 2)
    assignments_.push_back({stack_[begin - 1].number, stack_[i], stack_[i + 1]});
  stack_.resize(begin);
}

/// APPEND and APPENDS: the stack holds values from `begin` on, above the list that takes them.
void PickleMachine::append_items(std::size_t begin) {
  const bool object = begin > fence() && stack_[begin - 1].kind == Kind::object;  // a set or deque, whose items are of no interest
  if (begin <= fence() || (stack_[begin - 1].kind != Kind::list && !object)) refuse("something else where a list belongs");
  for (std::size_t i = begin; i < stack_.size() && !object; ++i) appended_.push_back({stack_[begin - 1].number, stack_[i]});
  stack_.resize(begin);
}

/// BUILD: attributes of an OrderedDict, such as torch's _metadata, or of a Parameter. They are no part of the weights.
void PickleMachine::build() {
  if (names_ == Names::any) {
    topmost(2);
    pop();
    return;
  }
  if (dialect_ == Dialect::legacy && stack_[topmost(2)].kind == Kind::tensor) {
    pop(Kind::tuple, "a tuple of attributes");
    return;
  }
  pop(Kind::dict, "a dict of attributes");
  const Value dict = pop(Kind::dict, "a dict");
  stack_.push_back(dict);
}

/// BINPERSID: ('storage', torch.FloatStorage, '0', 'cuda:0', 9408). The location is ignored: everything is read to the CPU.
/// A legacy one has a sixth item, None: views of storages, which torch 0.3 and earlier could write, are refused.
void PickleMachine::load_storage() {
  const Value id = pop(Kind::tuple, "the id of a storage");
  const bool legacy = dialect_ == Dialect::legacy;
  if (id.length != (legacy ? 6 : 5) || (legacy && item(id, 5).kind != Kind::none) || item(id, 0).kind != Kind::string ||
      text(item(id, 0)) != "storage")
    refuse("an unknown kind of persistent id");
  const Value type = item(id, 1), key = item(id, 2), elements = item(id, 4);
  if (type.kind == Kind::global && type.number == kForeign) {  // of an element type that no weights here have
    if (legacy) refuse("a storage of '" + name_of(type) + "', whose size is not known");
    return push_object(type.length);
  }
  if (type.kind != Kind::global || type.number < kStorages || key.kind != Kind::string || item(id, 3).kind != Kind::string ||
      elements.kind != Kind::integer) {
    refuse("a broken id of a storage");
  }
  storages_.push_back({static_cast<DType>(type.number - kStorages), key, elements.number});
  push(Kind::storage, static_cast<std::int64_t>(storages_.size() - 1));
}

/// REDUCE: calls one of the functions that are allowed, or makes an object that stands for the result of another.
void PickleMachine::reduce() {
  const bool any = names_ == Names::any;
  if (any && (stack_[topmost(2)].kind == Kind::object || stack_[topmost(1)].kind == Kind::object)) return make_new(1);
  const Value arguments = pop(Kind::tuple, "a tuple of arguments");
  const Value function = pop(Kind::global, "a function");
  if (any && function.number == kForeign) return push_object(function.length);
  if (function.number == kOrderedDict) {
    if (arguments.length == 0) return push(Kind::dict, dicts_++);
    if (any) return push_foreign(Kind::object, "collections", "OrderedDict");
    refuse("an OrderedDict with arguments");
  }
  if (any && function.number >= kStorages)
    return push_foreign(Kind::object, "torch", storage_class(static_cast<DType>(function.number - kStorages)));
  if (function.number == kRebuildTensor) return rebuild_tensor(arguments, 6);
  if (function.number == kRebuildOldTensor) return rebuild_tensor(arguments, 4);
  if (function.number >= kStorages) refuse("a call of a storage class");
  const std::size_t wanted = function.number == kParameter ? 1 : 3;
  if (arguments.length != wanted || item(arguments, 0).kind != Kind::tensor) {
    if (any) return push_foreign(Kind::object, "torch.nn.parameter", "Parameter");
    refuse("a parameter that is not a tensor");
  }
  push(Kind::tensor, item(arguments, 0).number);
}

/// NEWOBJ and its kin: a class below `arguments` values, none of which is looked at.
void PickleMachine::make_new(std::size_t arguments) {
  stack_.resize(topmost(arguments));
  const Value made = pop();
  if (made.kind == Kind::object || (made.kind == Kind::global && made.number == kForeign)) return push_object(made.length);
  push_foreign(Kind::object, "an object", "of a class that is not named");
}

/// _rebuild_tensor_v2(storage, offset, shape, stride, requires_grad, hooks); _rebuild_tensor has the first four.
void PickleMachine::rebuild_tensor(const Value& arguments, std::size_t count) {
  static constexpr std::array kWanted = {Kind::storage, Kind::integer, Kind::tuple, Kind::tuple, Kind::boolean, Kind::dict};
  bool known = arguments.length == count;
  for (std::size_t i = 0; i < count && known; ++i) known = item(arguments, i).kind == kWanted[i];
  if (!known && names_ == Names::any) return push_foreign(Kind::object, "torch", "Tensor of an unknown form");
  if (!known) refuse("a tensor of an unknown form");
  tensors_.push_back({item(arguments, 0).number, item(arguments, 1).number, item(arguments, 2), item(arguments, 3)});
  push(Kind::tensor, static_cast<std::int64_t>(tensors_.size() - 1));
}

void PickleMachine::protocol() {
  const auto version = reader_.number<std::uint8_t>();
  if (version < 2 || version > (names_ == Names::any ? 5 : 4)) refuse("the pickle protocol " + std::to_string(version));
}

/// Opcodes with a number or a constant. Returns false for any other.
bool PickleMachine::step_number(std::uint8_t opcode) {
  switch (opcode) {
    // clang-format off
    case 'K': push(Kind::integer, reader_.number<std::uint8_t>()); return true;
    case 'M': push(Kind::integer, reader_.number<std::uint16_t>()); return true;
    case 'J': push(Kind::integer, static_cast<std::int32_t>(reader_.number<std::uint32_t>())); return true;
    case 0x8a: push_long(); return true;
    case 'G': reader_.take(8); push(Kind::real); return true;  // occurs in attributes only: its value is not kept
    case 'N': push(Kind::none); return true;
    case 0x88: push(Kind::boolean, 1); return true;
    case 0x89: push(Kind::boolean, 0); return true;
    default: return false;
      // clang-format on
  }
}

/// Passes over the `bytes` of a value that no weights are made of.
void PickleMachine::skip(std::size_t bytes) {
  reader_.take(bytes);
  push(Kind::bytes);
}

/// Opcodes that only other things than weights need. Returns false for any other.
bool PickleMachine::step_foreign(std::uint8_t opcode) {
  switch (opcode) {
    // clang-format off
    case 'C': skip(reader_.number<std::uint8_t>()); return true;
    case 'B': skip(reader_.number<std::uint32_t>()); return true;
    case 'U': push_string(reader_.number<std::uint8_t>()); return true;
    case 'T': push_string(reader_.number<std::uint32_t>()); return true;
    case 0x8b: skip(reader_.number<std::uint32_t>()); return true;  // LONG4
    case 0x8e: case 0x96: skip(reader_.number<std::uint64_t>()); return true;
    case 0x8f: push_foreign(Kind::object, "builtins", "set"); return true;
    case 0x90: append_items(pop_mark()); return true;
    case 0x91: stack_.resize(pop_mark()); push_foreign(Kind::object, "builtins", "frozenset"); return true;
    case 0x81: make_new(1); return true;
    case 0x92: make_new(2); return true;
    case '0': pop(); return true;
    case '1': stack_.resize(pop_mark()); return true;
    case '2': { const Value value = stack_[topmost(1)]; push(value.kind, value.number, value.length); return true; }
    default: return false;
      // clang-format on
  }
}

void PickleMachine::step(std::uint8_t opcode) {
  switch (opcode) {
    // clang-format off
    case 0x80: return protocol();
    case 0x95: reader_.take(8); return;  // FRAME: how much to read ahead
    case 'c': { const auto module = line(); return push_global(module, line()); }
    case 0x93: { const auto name = pop(Kind::string, "a name"); return push_global(text(pop(Kind::string, "a name")), text(name)); }
    case 'q': return remember(reader_.number<std::uint8_t>());
    case 'r': return remember(reader_.number<std::uint32_t>());
    case 0x94: return remember(memo_.size());
    case 'h': return recall(reader_.number<std::uint8_t>());
    case 'j': return recall(reader_.number<std::uint32_t>());
    case 'X': return push_string(reader_.number<std::uint32_t>());
    case 0x8c: return push_string(reader_.number<std::uint8_t>());
    case 'U':  // a text of Python 2
      if (dialect_ == Dialect::legacy) return push_string(reader_.number<std::uint8_t>());
      break;
    case '(': return push_mark();
    case ')': return push_tuple(stack_.size());
    case 't': return push_tuple(pop_mark());
    case 0x85: return push_tuple(topmost(1));
    case 0x86: return push_tuple(topmost(2));
    case 0x87: return push_tuple(topmost(3));
    case ']': return push(Kind::list, lists_++);
    case 'a': return append_items(topmost(1));
    case 'e': return append_items(pop_mark());
    case '}': return push(Kind::dict, dicts_++);
    case 's': return set_items(topmost(2));
    case 'u': return set_items(pop_mark());
    case 'b': return build();
    case 'R': return reduce();
    case 'Q': return load_storage();
    default: break;
      // clang-format on
  }
  if (!step_number(opcode) && !(names_ == Names::any && step_foreign(opcode)))
    refuse("the opcode " + std::to_string(opcode) + ", which no state dict of tensors needs");
}

Value PickleMachine::run() {
  for (auto opcode = reader_.number<std::uint8_t>(); opcode != '.'; opcode = reader_.number<std::uint8_t>()) step(opcode);
  if (stack_.size() != 1 || !marks_.empty()) refuse("the pickle is not a single value");
  return stack_[0];
}

}  // namespace torchport::models::pickle
