// What a table's directory says of it: the first byte says whether the rest is its schema or its metadata.
#include "datasets/tables/data_frame_directory.h"
#include "datasets/tables/data_frame_form.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto rest = fuzz::text(data + 1, size - 1);
  if (data[0] & 1) return fuzz::read_or_refuse([&] { datasets::parse_table_schema(rest); });
  static const fuzz::Folder folder("table");
  folder.write("_meta.yaml", rest);
  folder.write("_data.parquet", "");
  return fuzz::read_or_refuse([&] { datasets::DataFrameDirectory::open(folder.path, "scored dataset"); });
}
