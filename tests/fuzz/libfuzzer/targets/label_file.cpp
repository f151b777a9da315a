// A label file beside its images, of the kind that the first byte says: JSON lines, CSV, an MLTable.
#include "datasets/sources/image_source.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const fuzz::Folder folder("label_file");
  folder.clear();
  for (const char* name : {"a.png", "b.png"}) folder.write(name, "not looked at");
  const std::string_view text = fuzz::text(data + 1, size - 1);
  const int kind = data[0] % 3;
  if (kind == 2) folder.write("x.jsonl", R"({"image_url": "s://c/a.png", "label": "x"})");
  folder.write(kind == 0 ? "x.jsonl" : kind == 1 ? "x.csv" : "MLTable", text);
  return fuzz::read_or_refuse([&] {
    datasets::SourceOptions options;
    options.path = folder.path;
    options.path_map = datasets::read_path_map("m://=" + folder.path.string());
    const auto source = datasets::open_source(kind == 0 ? "jsonl" : kind == 1 ? "csv" : "mltable", options);
    for (const auto& item : source.items)
      if (!item.label || static_cast<std::size_t>(*item.label) >= source.categories.value().size()) std::abort();
  });
}
