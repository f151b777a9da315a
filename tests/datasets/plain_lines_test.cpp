#include "datasets/directory/plain_lines.h"

#include "datasets/directory/image_directory_form.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;
using datasets::ImageDirectory;
using datasets::PlainLines;

namespace {

constexpr const char* kHead = R"({"image_info": {"file_name": ")";

std::string labelled(const std::string& file, const std::string& rest) { return kHead + file + "\"}, " + rest; }

/// What an index of this line alone is read as.
std::string read(const std::string& line) {
  const test::TemporaryFolder folder;
  const std::vector<std::pair<const char*, std::string>> parts = {
      {"_meta.yaml", datasets::meta_text()},
      {"_schema.json", datasets::schema_text(std::vector<std::string>{"cat", "dog"})},
      {"images.lst", line + "\n"}};
  for (const auto& [name, text] : parts) runtime::write_file_atomically(folder / name, text);
  try {
    const auto images = ImageDirectory::open(folder.path(), "dataset");
    return std::string(images.file(0)) + " " + std::to_string(images.label(0)) + " " + std::to_string(images.id(0));
  } catch (const runtime::Error& error) {
    std::string text = error.what();
    for (std::size_t at; (at = text.find(folder.path().string())) != text.npos;) text.erase(at, folder.path().string().size());
    return text;
  }
}

}  // namespace

TEST_CASE("plain lines: what is written comes back", "[plain_lines]") {
  const std::string category = "dog";
  std::string line = datasets::index_line("image/1_7 x.png", 42, &category);
  line.pop_back();
  const auto found = PlainLines("image_info", "category").read(line);
  REQUIRE(found);
  CHECK(found->file == "image/1_7 x.png");
  CHECK(found->label == "dog");
  CHECK(found->id == 42);
  CHECK_FALSE(PlainLines("image_info", "").read(line));
  line = datasets::index_line("a.png", 0, nullptr);
  line.pop_back();
  CHECK(PlainLines("image_info", "").read(line)->file == "a.png");
  CHECK_FALSE(PlainLines("image_info", "category").read(line));
  CHECK_FALSE(PlainLines("id", "").read(R"({"id": {"file_name": "a"}, "id": 1})"));  // of keys that are there twice the last counts
}

TEST_CASE("plain lines: a line means the same with and without the parser", "[plain_lines]") {
  for (const std::string& line : {labelled("a.png", R"("category": "dog", "id": 7})"),
                                  labelled("a.png", R"("category": "dog", "id": 007})"),
                                  labelled("a.png", R"("category": "dog", "id": -7})"),
                                  labelled("a.png", R"("category": "dog", "id": -0})"),
                                  labelled("a.png", R"("category": "dog", "id": 0})"),
                                  labelled("a.png", R"("category": "dog", "id": 1.5})"),
                                  labelled("a.png", R"("category": "dog", "id": 9223372036854775807})"),
                                  labelled("a.png", R"("category": "dog", "id": 9223372036854775808})"),
                                  labelled("a.png", R"("category": "dog", "id": })"),
                                  labelled("a.png", R"("category": "dog", "id": 1}})"),
                                  labelled("a.png", R"("category": "dog", "id": 1} )"),
                                  labelled("a.png", R"("category": "", "id": 1})"),
                                  labelled("a.png", R"("category": "fox", "id": 1})"),
                                  labelled("a.png", R"("category": null, "id": 1})"),
                                  labelled("a.png", R"("id": 1})"),
                                  labelled("", R"("category": "dog", "id": 1})"),
                                  labelled("../a.png", R"("category": "dog", "id": 1})"),
                                  labelled("a/..", R"("category": "dog", "id": 1})"),
                                  labelled("a..png", R"("category": "dog", "id": 1})"),
                                  labelled("/etc/passwd", R"("category": "dog", "id": 1})"),
                                  labelled("a\\u0000b", R"("category": "dog", "id": 1})"),
                                  labelled("\\u00e9.png", R"("category": "dog", "id": 1})"),
                                  labelled("\xff.png", R"("category": "dog", "id": 1})"),
                                  labelled("a\tb", R"("category": "dog", "id": 1})"),
                                  labelled("a.png", R"("category": "dog", "id": 1, "id": 2})"),
                                  labelled("a.png", R"("category": "d\u006fg", "id": 1})"),
                                  std::string(kHead),
                                  std::string("{}"),
                                  std::string("x")}) {
    INFO(line);
    const auto but_its_place = [](const std::string& said) { return said.substr(0, said.find(" (column")); };
    CHECK(but_its_place(read(line)) == but_its_place(read(" " + line)));  // a space before it makes the line one for the parser
  }
  CHECK(read(labelled("a.png", R"("category": "dog", "id": 7})")) == "a.png 1 7");
}
