// An archive of images: whatever it says, nothing is written outside of its folder.
#include "datasets/sources/archive.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder("archive"), outside("outside");
  folder.clear();
  outside.write("in.zip", fuzz::text(data, size));
  const int result = fuzz::read_or_refuse([&] {
    datasets::unpack(outside.path / "in.zip", folder.path, {1000, 1 << 24, 1 << 22, 200, 1 << 20});
  });
  for (const auto& entry : std::filesystem::directory_iterator(outside.path))
    if (entry.path().filename() != "in.zip") std::abort();
  return result;
}
