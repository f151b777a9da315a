// A COCO file beside its images.
#include "datasets/sources/image_source.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder("coco");
  for (const char* name : {"a.png", "b.png"}) folder.write(name, "not looked at");
  folder.write("x.json", fuzz::text(data, size));
  return fuzz::read_or_refuse([&] {
    datasets::SourceOptions options;
    options.path = folder.path;
    const auto source = datasets::open_source("coco", options);
    for (const auto& item : source.items)
      if (item.label && static_cast<std::size_t>(*item.label) >= source.categories.value().size()) std::abort();
  });
}
