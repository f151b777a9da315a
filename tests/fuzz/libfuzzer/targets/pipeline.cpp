// A pipeline file.
#include "runtime/pipeline/pipeline_file.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder("pipeline");
  folder.write("pipeline.yaml", fuzz::text(data, size));
  return fuzz::read_or_refuse([&] {
    runtime::Problems problems;
    runtime::read_pipeline(folder.path / "pipeline.yaml", {}, problems);
  });
}
