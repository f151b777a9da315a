#include "models/weights/state_dict_file.h"

#include "models/weights/state_dict_writer.h"
#include "models/weights/zip_reader.h"
#include "models/weights/zip_writer.h"
#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport::models;

namespace {

std::string written(const std::vector<TensorView>& tensors) {
  std::string bytes;
  write_state_dict(tensors, [&](const void* data, std::size_t size) { bytes.append(static_cast<const char*>(data), size); });
  return bytes;
}

std::string zipped(const std::vector<std::pair<std::string, std::string>>& records, std::uint64_t zip64_from) {
  std::string bytes;
  ZipWriter zip([&](const void* data, std::size_t size) { bytes.append(static_cast<const char*>(data), size); }, "model",
                zip64_from);
  for (const auto& [name, data] : records) zip.add(name, data.data(), data.size());
  zip.finish();
  return bytes;
}

}  // namespace

TEST_CASE("state dict file: what is written is read back, in its order", "[formats]") {
  const std::vector<float> weight = {1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> count = {-7};
  const std::vector<unsigned char> flags = {1, 0, 1};
  const auto bytes = written({{"model.z.weight", DType::float32, {2, 3}, weight.data()},
                              {"model.a.num_batches_tracked", DType::int64, {}, count.data()},
                              {"model.\xC3\xBC", DType::boolean, {3}, flags.data()},
                              {"model.empty", DType::float16, {4, 0, 2}, nullptr}});
  const auto file = StateDictFile::parse(bytes);
  REQUIRE(file.entries().size() == 4);
  CHECK(file.entries()[0].key == "model.z.weight");
  CHECK(file.entries()[0].shape == std::vector<std::int64_t>{2, 3});
  CHECK(file.entries()[1].key == "model.a.num_batches_tracked");
  CHECK(file.entries()[1].elements() == 1);
  CHECK(file.entries()[2].dtype == DType::boolean);
  CHECK(file.entries()[3].bytes() == 0);
  std::vector<float> copy(6);
  file.copy_to(0, copy.data());
  CHECK(copy == weight);
  REQUIRE(file.in_place(0) != nullptr);
  CHECK(std::memcmp(file.in_place(0), weight.data(), file.entries()[0].bytes()) == 0);
  std::int64_t number = 0;
  file.copy_to(1, &number);
  CHECK(number == -7);
  CHECK(file.find("model.empty") == &file.entries()[3]);
  CHECK(file.find("model.none") == nullptr);
}

TEST_CASE("state dict file: the same tensors are the same bytes", "[formats]") {
  const std::vector<double> value = {0.5};
  const std::vector<TensorView> tensors = {{"model.w", DType::float64, {1}, value.data()}};
  CHECK(written(tensors) == written(tensors));
}

TEST_CASE("state dict file: each record's data lies at a multiple of 64 bytes", "[formats]") {
  const std::vector<std::uint8_t> value(100, 1);
  const auto bytes = written({{"model.a", DType::uint8, {100}, value.data()}, {"model.bb", DType::uint8, {1}, value.data()}});
  for (const auto& record : read_zip(bytes)) CHECK((record.data.data() - bytes.data()) % 64 == 0);
}

TEST_CASE("state dict file: every dtype keeps its name and size", "[formats]") {
  const std::vector<char> value(8, 1);
  const std::vector<std::pair<DType, std::string>> names = {
      {DType::uint8, "uint8 1"},     {DType::int8, "int8 1"},       {DType::int16, "int16 2"},       {DType::int32, "int32 4"},
      {DType::int64, "int64 8"},     {DType::float16, "float16 2"}, {DType::bfloat16, "bfloat16 2"}, {DType::float32, "float32 4"},
      {DType::float64, "float64 8"}, {DType::boolean, "bool 1"}};
  for (const auto& [dtype, text] : names) {
    const auto file = StateDictFile::parse(written({{"w", dtype, {1}, value.data()}}));
    CHECK(file.entries()[0].dtype == dtype);
    CHECK(std::string(name(dtype)) + " " + std::to_string(file.entries()[0].bytes()) == text);
  }
}

TEST_CASE("zip archive: numbers in zip64 fields are read back", "[formats]") {
  // The limits make some or all numbers too large for the plain fields.
  for (const std::uint64_t zip64_from : {0, 3, 100, 200}) {
    const auto bytes = zipped({{"data.pkl", "abcd"}, {"data/0", ""}, {"version", "3\n"}}, zip64_from);
    const auto records = read_zip(bytes);
    REQUIRE(records.size() == 3);
    CHECK(records[0].name == "data.pkl");
    CHECK(records[0].data == "abcd");
    CHECK(records[1].data.empty());
    CHECK(records[2].data == "3\n");
  }
}

TEST_CASE("zip archive: more records than 16 bits count are read back", "[formats]") {
  std::vector<std::pair<std::string, std::string>> records;
  for (int i = 0; i < 70'000; ++i) records.emplace_back(std::to_string(i), "");
  CHECK(read_zip(zipped(records, 0xFFFFFFFF)).size() == 70'000);
}

TEST_CASE("zip archive: a flipped payload bit is noticed by its checksum", "[formats]") {
  auto bytes = zipped({{"data/0", "abcd"}}, 0xFFFFFFFF);
  bytes[bytes.find("abcd")] ^= 4;
  CHECK_THROWS_WITH(read_zip(bytes), "the record 'model/data/0' is damaged: its checksum is wrong");
}

TEST_CASE("state dict file: a file that is not there is a plain reading fault", "[formats]") {
  CHECK_THROWS_WITH(StateDictFile::open("/nonexistent/model"), "No such file or directory");
}

TEST_CASE("state dict file: one that is longer than any network's is refused unread", "[formats]") {
  const torchport::test::TemporaryFolder folder;
  torchport::runtime::write_file_atomically(folder / "model", "PK");
  std::filesystem::resize_file(folder / "model", std::uintmax_t{5} << 30);  // without taking room on the disk
  CHECK_THROWS_WITH(StateDictFile::open(folder / "model"), "larger than 1073741824 bytes");
  CHECK_THROWS_WITH(StateDictFile::open(folder / "model", StateDictFile::Form::any), "larger than 4294967296 bytes");
}
