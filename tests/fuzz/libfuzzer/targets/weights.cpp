// A whole file of weights: the archive of torch 1.6, torch's old form, safetensors.
#include "models/weights/state_dict_file.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::read_or_refuse([&] {
    const auto file = models::StateDictFile::parse(std::string(fuzz::text(data, size)), models::StateDictFile::Form::any);
    for (std::size_t i = 0; i < file.entries().size(); ++i) {
      const auto copy = std::make_unique<char[]>(file.entries()[i].bytes());
      file.copy_to(i, copy.get());
    }
  });
}
