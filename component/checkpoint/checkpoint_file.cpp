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

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

using Sink = std::function<void(const void*, std::size_t)>;

constexpr std::int64_t kFormat = 1;
constexpr const char *kTensors = "state.safetensors", *kNumbers = "state.json";
constexpr std::size_t kPiece = std::size_t{4} << 20;  ///< bytes between two looks at whether anybody waits
constexpr std::size_t kMostBytes = std::size_t{1} << 40;
constexpr std::string_view kClock = "clock.";  ///< begins the names of times, which no two trainings share

/// Hands the elements on in row-major order, on this thread alone: torch's own copy would take the cores that train.
void give_row_major(const at::Tensor& tensor, const Sink& sink) {
  if (tensor.is_contiguous()) return sink(tensor.const_data_ptr(), tensor.nbytes());
  const std::size_t item = tensor.element_size();
  const auto last = tensor.dim() - 1;
  std::vector<char> row(static_cast<std::size_t>(tensor.size(last)) * item);
  std::vector<std::int64_t> at(static_cast<std::size_t>(last), 0);
  std::string piece;
  for (std::int64_t rows = tensor.numel() / tensor.size(last); rows > 0; --rows) {
    std::int64_t offset = 0;
    for (std::int64_t d = 0; d < last; ++d) offset += at[static_cast<std::size_t>(d)] * tensor.stride(d);
    const char* from = static_cast<const char*>(tensor.const_data_ptr()) + static_cast<std::size_t>(offset) * item;
    for (std::size_t i = 0; i < row.size(); i += item, from += static_cast<std::size_t>(tensor.stride(last)) * item)
      std::memcpy(row.data() + i, from, item);
    piece.append(row.data(), row.size());
    if (piece.size() >= kPiece || rows == 1) {
      sink(piece.data(), piece.size());
      piece.clear();
    }
    for (std::int64_t d = last; d-- > 0;) {
      if (++at[static_cast<std::size_t>(d)] < tensor.size(d)) break;
      at[static_cast<std::size_t>(d)] = 0;
    }
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

std::string numbers_text(const Checkpoint& checkpoint) {
  nlohmann::ordered_json numbers = nlohmann::ordered_json::object(), conditions = numbers;
  for (const auto& [name, number] : checkpoint.state.all_numbers()) numbers[name] = json_of(number);
  for (const auto& [name, text] : checkpoint.conditions) conditions[name] = text;
  const nlohmann::ordered_json all = {
      {"format", kFormat}, {"fingerprint", fingerprint(checkpoint.state)}, {"numbers", numbers}, {"conditions", conditions}};
  return all.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string fingerprint(const TrainingState& state) {
  runtime::Sha256Stream hash;
  for (const auto& [name, number] : state.all_numbers()) {
    if (name.starts_with(kClock)) continue;
    const std::string text = name + "=" + json_of(number).dump() + "\n";
    hash.add(text.data(), text.size());
  }
  for (const auto& [name, tensor] : state.all_tensors()) {
    if (name.starts_with(kClock)) continue;
    hash.add(name.data(), name.size());
    if (tensor.numel() > 0) give_row_major(tensor, [&](const void* bytes, std::size_t count) { hash.add(bytes, count); });
  }
  return runtime::hexadecimal(hash.end());
}

void write_checkpoint(const fs::path& folder, const Checkpoint& checkpoint, const std::atomic<bool>& given_up) {
  if (mkdir(folder.c_str(), 0777) != 0) runtime::refuse_writing(folder, errno);
  std::string sums;
  const auto write = [&](const char* name, const std::function<void(const Sink&)>& give) {
    runtime::FileWriter file(folder / name);
    runtime::Sha256Stream hash;
    give([&](const void* bytes, std::size_t count) {
      for (const auto* next = static_cast<const char*>(bytes); count > 0;) {
        if (given_up) throw GivenUp();
        const std::size_t some = std::min(count, kPiece);
        file.write(next, some);
        hash.add(next, some);
        next += some;
        count -= some;
      }
    });
    file.finish();
    sums += runtime::hexadecimal(hash.end()) + "  " + name + "\n";
  };
  write(kTensors, [&](const Sink& sink) { give_tensors(checkpoint.state, sink); });
  const std::string numbers = numbers_text(checkpoint);
  write(kNumbers, [&](const Sink& sink) { sink(numbers.data(), numbers.size()); });
  runtime::FileWriter manifest(folder / runtime::kSums);
  manifest.write(sums);
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
