// What an opened image directory keeps in memory for each image, as the allocator counts it.
#include <malloc.h>

#include <fstream>

#include "datasets/directory/image_directory.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;

namespace {

std::size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace

TEST_CASE("image directory: an image takes at most 100 bytes of memory", "[image_directory]") {
  constexpr std::size_t kRows = 100000;
  const test::TemporaryFolder folder;
  for (const char* part : {"_meta.yaml", "_schema.json", "_samples.json"})
    std::filesystem::copy(test::original("image_directory_labelled") / part, folder / part);
  const auto original = datasets::ImageDirectory::open(test::original("image_directory_labelled"), "training dataset");
  std::ofstream index(folder / "images.lst");
  for (std::size_t i = 0; i < kRows; ++i) {  // names as long as those of ImageNet
    const std::string name = "image/n01440764_" + std::to_string(1000000 + i) + "_photo.JPEG";
    const nlohmann::json row = {
        {"id", i}, {"image_info", {{"file_name", name}}}, {original.label_column(), original.categories()[i % 3].name}};
    index << row.dump() << "\n";
  }
  index.close();
  const std::size_t before = allocated();
  const auto images = datasets::ImageDirectory::open(folder.path(), "training dataset");
  const std::size_t held = allocated() - before;
  REQUIRE(images.size() == kRows);
  CHECK(images.file(kRows - 1) == "image/n01440764_1099999_photo.JPEG");
  CHECK(held > kRows);
  // The loader adds 5 bytes for order and state, and a cache 8.
  CHECK(held / kRows + 13 <= 100);
}
