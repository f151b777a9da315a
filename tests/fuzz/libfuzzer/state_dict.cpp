// Coverage-guided fuzzing of the state dict reader; not part of the build, which needs no clang. From the root of the tree:
//   clang++ -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -I. -include runtime/pch.h tests/fuzz/libfuzzer/state_dict.cpp \
//     models/{state_dict_file,zip_file,legacy_file,safetensors_file,zip_reader,zip_writer,pickle_reader,pickle_machine,dtype}.cpp
//     runtime/text/text.cpp -lz -o fuzz
//   ./fuzz -max_total_time=600 -rss_limit_mb=512 -timeout=5 corpus/
// The first byte of an input chooses what the rest is: a whole file of any form, or a data.pkl that is put into a sound archive.
#include "models/weights/state_dict_file.h"
#include "models/weights/zip_writer.h"
#include "runtime/files/files.h"

using namespace torchport::models;

std::string torchport::runtime::read_file(const std::filesystem::path&, std::size_t) {
  throw std::logic_error("no file is read here");
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    std::string archive;
    ZipWriter zip([&](const void* piece, std::size_t count) { archive.append(static_cast<const char*>(piece), count); }, "model");
    for (const auto& [name, content] :
         {std::pair("data.pkl", bytes), std::pair("data/0", std::string(24, '\1')), std::pair("version", std::string("3"))}) {
      zip.add(name, content.data(), content.size());
    }
    zip.finish();
    bytes = std::move(archive);
  }
  try {
    const auto file = StateDictFile::parse(std::move(bytes), StateDictFile::Form::any);
    for (std::size_t i = 0; i < file.entries().size(); ++i) {
      const auto copy = std::make_unique<char[]>(file.entries()[i].bytes());
      file.copy_to(i, copy.get());
    }
  } catch (const StateDictError&) {
  }
  return 0;
}
