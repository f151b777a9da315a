// Metadata of image directories that leads out of them, or would cost more than it can need.
#include <fstream>

#include "datasets/directory/image_directory.h"
#include "datasets/directory/image_directory_form.h"
#include "runtime/error/error.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using namespace torchport;

namespace {

/// An ImageDirectory of one image, whose parts a test replaces.
struct Directory {
  test::TemporaryFolder folder;
  Directory() {
    const std::string category = "cat";
    put("_meta.yaml", datasets::meta_text());
    put("_schema.json", datasets::schema_text(std::vector{category}));
    put("images.lst", datasets::index_line("image/a.png", 0, &category));
  }
  void put(const std::string& part, const std::string& text) const { std::ofstream(folder / part, std::ios::binary) << text; }
  std::string error() const {
    try {
      datasets::ImageDirectory::open(folder.path(), "dataset");
    } catch (const runtime::Error& error) {
      return error.what();
    }
    return "none";
  }
  std::string with(const std::string& part, const std::string& text) const {
    put(part, text);
    return error();
  }
  /// A part made longer without taking room on the disk.
  std::string sparse(const std::string& part) const {
    fs::resize_file(folder / part, std::uintmax_t{3} << 30);
    return error();
  }
};

}  // namespace

TEST_CASE("image directory: parts whose names lead out of it, or are those of others, are refused") {
  const Directory directory;
  const std::string broken = "the dataset has a broken _meta.yaml: ";
  const auto samples = [&](const std::string& name) {
    return directory.with("_meta.yaml",
                          "type: ImageDirectory\nimage_list: images.lst\nschema: _schema.json\nsamples: " + name + "\n");
  };
  CHECK(samples("nowhere.json") == "none");
  CHECK(samples("../../x") == broken + "its samples '../../x' is a path with '..'");
  CHECK(samples("/etc/passwd") == broken + "its samples '/etc/passwd' is an absolute path");
  fs::create_symlink("/etc/passwd", directory.folder / "link");
  CHECK(samples("link") == broken + "its samples 'link' is a symbolic link out of its folder");
  for (const char* taken : {"images.lst", "_meta.yaml", "./_schema.json", "_sizes.lst", "_origins.lst", "_applied_transforms.json"})
    CHECK(samples(taken) == broken + "its samples '" + taken + "' is the name of another part");
  directory.put("_meta.yaml", datasets::meta_text());
  for (const char* taken : {"_meta.yaml", "./images.lst", "_samples.json"}) {
    const std::string category = "cat";
    CHECK(directory.with("images.lst", datasets::index_line(taken, 0, &category)) ==
          "the dataset has a broken index: line 1: its image '" + std::string(taken) + "' is another part of the directory");
  }
  const test::TemporaryFolder outside;
  fs::rename(directory.folder / "_meta.yaml", outside / "_meta.yaml");
  fs::create_symlink(outside / "_meta.yaml", directory.folder / "_meta.yaml");
  CHECK(directory.error() == broken + "a symbolic link out of its folder");
}

TEST_CASE("image directory: metadata costs no more than stated, however large or deep it is") {
  const Directory directory;
  const std::string index = "the dataset has a broken index: ", schema = "the dataset has a broken schema: ";
  const std::string category = "cat", line = datasets::index_line("image/a.png", 0, &category);
  CHECK(directory.sparse("images.lst") == index + "'images.lst': line 2 is longer than 1048576 bytes");
  CHECK(directory.with("images.lst", "\xEF\xBB\xBF" + line) == index + "line 1: it begins with a byte order mark");
  CHECK(directory.with("images.lst", std::string(100'000, '[')) == index + "line 1: it is nested deeper than 16 levels");
  CHECK(directory.sparse("_schema.json") == schema + "'_schema.json': larger than 67108864 bytes");
  CHECK(directory.with("_schema.json", "\xEF\xBB\xBF" + datasets::schema_text(std::nullopt)) ==
        schema + "it begins with a byte order mark");
  std::string deep = R"({"columnAttributes": [{"name": "x", "type": "x", "elementType": {"typeName": "x"}, "properties": {"x": )";
  for (int i = 0; i < 66'000; ++i) deep += R"({"a":)";
  CHECK(directory.with("_schema.json", deep) == schema + "it is nested deeper than 64 levels");
  CHECK(directory.sparse("_meta.yaml") == "the dataset has a broken _meta.yaml: larger than 1048576 bytes");
}
