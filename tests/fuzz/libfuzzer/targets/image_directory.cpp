// An image directory: the first byte says which of its files the rest is.
#include "datasets/directory/image_directory.h"
#include "datasets/directory/image_directory_form.h"
#include "datasets/directory/image_sizes.h"
#include "tests/fuzz/libfuzzer/target.h"

using namespace torchport;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::Folder folder("images");
  static const std::vector<std::string> categories = {"cat", "dog"};
  if (size == 0) return 0;
  const char* const names[] = {"_schema.json", "images.lst", "_meta.yaml", "_sizes.lst"};
  folder.write("_meta.yaml", datasets::meta_text());
  folder.write("_schema.json", datasets::schema_text(categories));
  folder.write("images.lst",
               datasets::index_line("image/a.png", 0, &categories[0]) + datasets::index_line("image/b.png", 1, &categories[1]));
  folder.write("_sizes.lst", "");
  folder.write(names[data[0] % 4], fuzz::text(data + 1, size - 1));
  return fuzz::read_or_refuse([&] {
    const auto images = datasets::ImageDirectory::open(folder.path, "dataset");
    const datasets::ImageSizes sizes(images);
    for (std::size_t i = 0; i < images.size(); ++i) {
      if (images.path(i).empty() ||
          (images.labelled() && images.categories().at(static_cast<std::size_t>(images.label(i))).name.empty()))
        std::abort();
    }
  });
}
