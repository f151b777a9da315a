#include "component/checkpoint/checkpoint_file.h"

#include <sys/stat.h>

#include <charconv>
#include <functional>
#include <nlohmann/json.hpp>

#include "models/nn/state_dict.h"
#include "models/weights/safetensors_file.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/refused_file.h"
#include "runtime/files/sha256.h"
#include "runtime/files/sync.h"
#include "runtime/report/checkpoints.h"
#include "runtime/text/json.h"
#include "runtime/text/json_text.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

using Sink = std::function<void(const void*, std::size_t)>;

constexpr std::int64_t kFormat = 2;
constexpr const char *kTensors = "state.safetensors", *kNumbers = "state.json";
constexpr std::size_t kPiece = std::size_t{4} << 20;  ///< bytes written at a time, and between two looks at whether anybody waits
constexpr std::size_t kMostBytes = std::size_t{1} << 40;
constexpr std::string_view kClock = "clock.";  ///< begins the names of times, which no two trainings share

/// Appends the elements below `from` in row-major order, `dimension` being the first of those that are left.
template <class Word>
void append_row_major(const at::Tensor& tensor, std::int64_t dimension, const Word* from, std::vector<Word>& to) {
  const std::int64_t count = tensor.size(dimension), stride = tensor.stride(dimension);
  for (std::int64_t i = 0; i < count; ++i) {
    if (dimension + 1 == tensor.dim())
      to.push_back(from[i * stride]);
    else
      append_row_major(tensor, dimension + 1, from + i * stride, to);
  }
}

template <class Word>
void give_rearranged(const at::Tensor& tensor, const Sink& sink) {
  std::vector<Word> all;
  all.reserve(static_cast<std::size_t>(tensor.numel()));
  append_row_major(tensor, 0, static_cast<const Word*>(tensor.const_data_ptr()), all);
  sink(all.data(), all.size() * sizeof(Word));
}

/// Hands the elements on in row-major order, on this thread alone: torch's own copy would take the cores that train.
void give_row_major(const at::Tensor& tensor, const Sink& sink) {
  if (tensor.is_contiguous()) return sink(tensor.const_data_ptr(), tensor.nbytes());
  switch (tensor.element_size()) {
    case 1:
      return give_rearranged<std::uint8_t>(tensor, sink);
    case 2:
      return give_rearranged<std::uint16_t>(tensor, sink);
    case 4:
      return give_rearranged<std::uint32_t>(tensor, sink);
    default:
      return give_rearranged<std::uint64_t>(tensor, sink);
  }
}

void give_tensors(const TrainingState& state, const Sink& sink) {
  std::vector<models::TensorEntry> entries;
  for (const auto& [name, tensor] : state.all_tensors()) entries.push_back({name, models::dtype_of(tensor), tensor.sizes().vec()});
  const std::string head = models::safetensors_head(entries);
  sink(head.data(), head.size());
  for (const auto& [name, tensor] : state.all_tensors())
    if (tensor.numel() > 0) give_row_major(tensor, sink);
}

/// Doubles as texts, of which the same bits come back; whole numbers as numbers.
nlohmann::json json_of(const TrainingState::Number& number) {
  if (const auto* const whole = std::get_if<std::int64_t>(&number)) return *whole;
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), std::get<double>(number)).ptr;
  return std::string(text.data(), end);
}

TrainingState::Number number_of(const nlohmann::json& json) {
  if (const auto whole = runtime::whole_number(json)) return *whole;
  const auto& text = json.get_ref<const std::string&>();
  double value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc())
    throw std::runtime_error("state.json holds a number that is none");
  return value;
}

/// SHA-256 of what decides how a training goes on: of the whole state but for its clock, which is no tensor.
std::string fingerprint(const TrainingState& state, const std::string& hash_of_tensors) {
  std::string all = hash_of_tensors + "\n";
  for (const auto& [name, number] : state.all_numbers())
    if (!name.starts_with(kClock)) all += name + "=" + json_of(number).dump() + "\n";
  return runtime::sha256_of(all);
}

std::string numbers_text(const Checkpoint& checkpoint, const std::string& hash_of_tensors) {
  nlohmann::ordered_json numbers = nlohmann::ordered_json::object(), conditions = numbers;
  for (const auto& [name, number] : checkpoint.state.all_numbers()) numbers[name] = json_of(number);
  for (const auto& [name, text] : checkpoint.conditions) conditions[name] = text;
  const nlohmann::ordered_json all = {{"format", kFormat},
                                      {"fingerprint", fingerprint(checkpoint.state, hash_of_tensors)},
                                      {"numbers", numbers},
                                      {"conditions", conditions}};
  return runtime::json_text(all);
}

/// Writes a file in large pieces, and hashes them as they pass. Returns the hash.
std::string write_hashed(const fs::path& path, const std::atomic<bool>& given_up, const std::function<void(const Sink&)>& give) {
  runtime::FileWriter file(path);
  runtime::Sha256Stream hash;
  std::string piece;
  piece.reserve(kPiece);
  const auto pass_on = [&] {
    if (given_up) throw GivenUp();
    file.write(piece);
    hash.add(piece.data(), piece.size());
    piece.clear();
  };
  give([&](const void* bytes, std::size_t count) {
    for (const auto* next = static_cast<const char*>(bytes); count > 0;) {
      const std::size_t some = std::min(count, kPiece - piece.size());
      piece.append(next, some);
      next += some;
      count -= some;
      if (piece.size() == kPiece) pass_on();
    }
  });
  pass_on();
  file.finish();
  return runtime::hexadecimal(hash.end());
}

}  // namespace

void write_checkpoint(const fs::path& folder, const Checkpoint& checkpoint, const std::atomic<bool>& given_up) {
  if (mkdir(folder.c_str(), 0777) != 0) runtime::refuse_writing(folder, errno);
  const std::string tensors =
      write_hashed(folder / kTensors, given_up, [&](const Sink& sink) { give_tensors(checkpoint.state, sink); });
  const std::string text = numbers_text(checkpoint, tensors);
  const std::string numbers = write_hashed(folder / kNumbers, given_up, [&](const Sink& sink) { sink(text.data(), text.size()); });
  runtime::FileWriter manifest(folder / runtime::kSums);
  manifest.write(tensors + "  " + kTensors + "\n" + numbers + "  " + kNumbers + "\n");
  manifest.finish();
  runtime::sync_path(folder);
}

CheckpointBytes read_checkpoint(const fs::path& folder) {
  if (const std::string wrong = runtime::wrong_with(folder); !wrong.empty()) throw std::runtime_error(wrong);
  return {runtime::read_file(folder / kNumbers, kMostBytes), runtime::read_file(folder / kTensors, kMostBytes)};
}

Checkpoint understand(CheckpointBytes bytes) {
  const nlohmann::json all = runtime::parse_json(bytes.numbers);
  const auto found = all.find("format");
  if (found == all.end() || *found != kFormat) throw std::runtime_error("another version of torchport wrote it");
  Checkpoint checkpoint;
  for (const auto& [name, number] : all.at("numbers").items()) checkpoint.state.all_numbers()[name] = number_of(number);
  for (const auto& [name, text] : all.at("conditions").items()) checkpoint.conditions[name] = text.get<std::string>();
  const auto file = models::StateDictFile::parse(std::move(bytes.tensors), models::StateDictFile::Form::any);
  for (std::size_t i = 0; i < file.entries().size(); ++i)
    checkpoint.state.all_tensors()[file.entries()[i].key] = models::read_tensor(file, i).clone();
  return checkpoint;
}

}  // namespace torchport::component
