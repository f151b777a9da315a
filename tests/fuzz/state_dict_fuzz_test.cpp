// Deterministic fuzzing of the state dict reader: whatever the bytes, it returns tensors or throws StateDictError.
// Under the asan preset the same run also shows that nothing is read outside of the file.
#include <random>

#include "models/weights/pickle_reader.h"
#include "models/weights/state_dict_file.h"
#include "models/weights/state_dict_writer.h"
#include "models/weights/zip_reader.h"
#include "models/weights/zip_writer.h"
#include "tests/support/catch.h"

using namespace torchport::models;

namespace {

constexpr int kRounds = 20'000;

using Records = std::vector<std::pair<std::string, std::string>>;

std::string zipped(const Records& records, std::uint64_t zip64_from = 0xFFFFFFFF) {
  std::string bytes;
  ZipWriter zip([&](const void* data, std::size_t size) { bytes.append(static_cast<const char*>(data), size); }, "model",
                zip64_from);
  for (const auto& [name, data] : records) zip.add(name, data.data(), data.size());
  zip.finish();
  return bytes;
}

/// A good file of a few tensors, by our writer.
std::string small_file() {
  const std::vector<float> numbers = {1, 2, 3, 4, 5, 6};
  const std::int64_t count = 3;
  std::string bytes;
  write_state_dict({{"model.w", DType::float32, {2, 3}, numbers.data()},
                    {"model.b", DType::float32, {3}, numbers.data()},
                    {"model.n", DType::int64, {}, &count}},
                   [&](const void* data, std::size_t size) { bytes.append(static_cast<const char*>(data), size); });
  return bytes;
}

/// A pickle with what our writer leaves out: the memo, attributes, a parameter, a list, every way to write a number.
std::string rich_pickle() {
  using namespace std::string_literals;
  const auto text = [](const std::string& value) {
    return "X" + std::string(1, static_cast<char>(value.size())) + "\0\0\0"s + value;
  };
  const auto ordered_dict = "ccollections\nOrderedDict\n)R"s, yes = "\x88"s, no = "\x89"s;
  const auto shape_and_stride = "K\2\x8a\1\3\x86M\3\0J\1\0\0\0\x86"s;
  const auto storage = "(" + text("storage") + "ctorch\nFloatStorage\n\x8c\1"s + "0" + text("cuda:0") + "K\6tQ";
  const auto tensor = "ctorch._utils\n_rebuild_tensor_v2\nq\1(" + storage + "K\0"s + shape_and_stride + no + ordered_dict + "q\2tR";
  const auto parameter = "ctorch._utils\n_rebuild_parameter\n(" + tensor + yes + ordered_dict + "tR";
  const auto attributes = "}" + text("_metadata") + "}(" + text("") + "]K\1aG\0\0\0\0\0\0\0\0a"s + text("v") + "Nus";
  return "\x80\2"s + ordered_dict + "q\0("s + text("w") + parameter + text("v") + tensor + "u" + attributes + "b.";
}

Records records_with(const std::string& pickle) {
  return {{"data.pkl", pickle}, {"byteorder", "little"}, {"data/0", std::string(24, '\1')}, {"version", "3\n"}};
}

/// One to four small changes: bits, bytes, interesting numbers, cuts, repetitions.
std::string mutated(std::string bytes, std::mt19937& random) {
  const auto below = [&](std::size_t bound) { return bound == 0 ? 0 : random() % bound; };
  for (auto changes = 1 + below(4); changes-- > 0 && !bytes.empty();) {
    const auto at = below(bytes.size());
    const auto length = std::min<std::size_t>(1 + below(16), bytes.size() - at);
    switch (below(7)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(random());
        break;
      case 2:
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), length, below(2) ? '\xFF' : '\0');
        break;
      case 3:
        bytes.erase(at, length);
        break;
      case 4:
        bytes.insert(at, bytes.substr(below(bytes.size()), length));
        break;
      case 5:
        bytes.insert(at, std::string(length, static_cast<char>(random())));
        break;
      default:
        bytes.resize(at);
        break;
    }
  }
  return bytes;
}

/// Returns whether `bytes` were accepted. Copies every tensor into memory of exactly its size.
bool survives(std::string bytes, StateDictFile::Form form = StateDictFile::Form::model_file) {
  try {
    const auto file = StateDictFile::parse(std::move(bytes), form);
    for (std::size_t i = 0; i < file.entries().size(); ++i) {
      const auto copy = std::make_unique<char[]>(file.entries()[i].bytes());
      file.copy_to(i, copy.get());
    }
    return true;
  } catch (const StateDictError& error) {
    if (std::string(error.what()).empty()) throw std::logic_error("a reason is missing");
    return false;
  }
}

/// Two tensors in the safetensors format.
std::string safetensors() {
  const std::string header =
      R"({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, "__metadata__": {"format": "pt"}, )"
      R"("n": {"dtype": "I64", "shape": [], "data_offsets": [24, 32]}})";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  return bytes + header + std::string(32, '\1');
}

/// A state dict as torch before 1.6 wrote it under Python 2, within a training script's dict.
std::string legacy_file() {
  using namespace std::string_literals;
  const auto text = [](const std::string& value) { return "U" + std::string(1, static_cast<char>(value.size())) + value; };
  const auto storage = "(" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + "K\6NtQ";
  const auto tensor = "ctorch._utils\n_rebuild_tensor\n(" + storage + "K\0K\2K\3\x86K\3K\1\x86tR"s;
  const auto parameter = "ctorch.nn.parameter\nParameter\n" + tensor + "\x85R(\x88\x89Ntb"s;
  const auto weights = "}(" + text("w") + tensor + text("p") + parameter + "u";
  return "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\2M\xe9\3.\x80\2}"s + text("little_endian") +
         "\x88s.\x80\2}(" + text("state_dict") + weights + text("epoch") + "K\1u.\x80\2](" + text("0") + "e.\6\0\0\0\0\0\0\0"s +
         std::string(24, '\1');
}

}  // namespace

TEST_CASE("state dict fuzzing: the seeds themselves are accepted", "[fuzz]") {
  CHECK(survives(small_file()));
  CHECK(read_state_dict_pickle(rich_pickle()).size() == 2);
  CHECK(survives(zipped(records_with(rich_pickle()))));
  CHECK(survives(zipped(records_with(rich_pickle()), 5)));
}

TEST_CASE("state dict fuzzing: a changed archive is read or refused", "[fuzz]") {
  std::mt19937 random(1);
  const std::vector<std::string> seeds = {small_file(), zipped(records_with(rich_pickle())),
                                          zipped(records_with(rich_pickle()), 5)};
  for (int round = 0; round < kRounds; ++round) survives(mutated(seeds[static_cast<std::size_t>(round) % seeds.size()], random));
}

TEST_CASE("state dict fuzzing: a changed pickle in a sound archive is read or refused", "[fuzz]") {
  std::mt19937 random(2);
  int accepted = 0;
  for (int round = 0; round < kRounds; ++round) accepted += survives(zipped(records_with(mutated(rich_pickle(), random))));
  // Some changes do no harm; if there were none, the archive around the pickle would be at fault.
  CHECK(accepted > kRounds / 1000);
  CHECK(accepted < kRounds / 2);
}

TEST_CASE("state dict fuzzing: a changed file of weights is read or refused", "[fuzz]") {
  using Form = StateDictFile::Form;
  std::mt19937 random(4);
  for (const std::string& seed : {safetensors(), legacy_file()}) {
    CHECK(survives(seed, Form::any));
    CHECK_FALSE(survives(seed));
    int accepted = 0;
    for (int round = 0; round < kRounds; ++round) accepted += survives(mutated(seed, random), Form::any);
    CHECK(accepted > kRounds / 1000);
    CHECK(accepted < kRounds / 2);
  }
}

TEST_CASE("state dict fuzzing: random opcodes are read or refused", "[fuzz]") {
  constexpr std::string_view kOpcodes = "(((ttt)))}}]]NNKKMJX\x85\x86\x87\x88\x89q h jsuaebRQcG\x8a\x8c\x93\x94\x95.";
  std::mt19937 random(3);
  for (int round = 0; round < kRounds; ++round) {
    std::string pickle = "\x80\x02";
    for (auto length = random() % 40; length-- > 0;) {
      pickle += random() % 4 ? kOpcodes[random() % kOpcodes.size()] : static_cast<char>(random() % 4);
    }
    survives(zipped(records_with(pickle + ".")));
  }
}
