// IDX files: the first byte says whether the rest is images or labels, and whether they are packed.
#include "datasets/sources/image_source.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder("idx");
  if (size == 0) return 0;
  using namespace std::string_literals;
  const std::string images = "\0\0\x08\3\0\0\0\2\0\0\0\2\0\0\0\2\1\2\3\4\5\6\7\x08"s, labels = "\0\0\x08\1\0\0\0\2\0\1"s;
  const auto rest = fuzz::text(data + 1, size - 1);
  const bool packed = data[0] & 2;
  folder.clear();
  folder.write(data[0] & 1 ? std::string("train-images-idx3-ubyte") : "train-images-idx3-ubyte"s + (packed ? ".gz" : ""),
               data[0] & 1 ? images : rest);
  folder.write(data[0] & 1 ? "train-labels-idx1-ubyte"s + (packed ? ".gz" : "") : std::string("train-labels-idx1-ubyte"),
               data[0] & 1 ? rest : labels);
  return fuzz::read_or_refuse([&] {
    datasets::SourceOptions options;
    options.path = folder.path;
    const auto source = datasets::open_source("idx", options);
    for (std::size_t i = 0; source.read && i < std::min<std::size_t>(source.items.size(), 4); ++i) source.read(i);
  });
}
