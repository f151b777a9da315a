// The pickle machine: data.pkl within an archive whose checksums are right, and what becomes of its tensors.
#include "models/weights/state_dict_file.h"
#include "models/weights/zip_writer.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string archive;
  models::ZipWriter zip([&](const void* piece, std::size_t count) { archive.append(static_cast<const char*>(piece), count); },
                        "model");
  const std::string numbers(24, '\1'), version = "3";
  zip.add("data.pkl", data, size);
  zip.add("data/0", numbers.data(), numbers.size());
  zip.add("version", version.data(), version.size());
  zip.finish();
  return fuzz::read_or_refuse([&] {
    const auto file = models::StateDictFile::parse(std::move(archive), models::StateDictFile::Form::any);
    for (std::size_t i = 0; i < file.entries().size(); ++i) {
      const auto copy = std::make_unique<char[]>(file.entries()[i].bytes());  // of exactly its size: ASan sees a byte too many
      file.copy_to(i, copy.get());
    }
  });
}
