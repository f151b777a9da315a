#include "datasets/directory/image_directory.h"

#include <unistd.h>

#include <fstream>

#include "datasets/directory/image_directory_form.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using namespace torchport;
using datasets::ImageDirectory;

namespace {

void put(const fs::path& file, const std::string& text) {
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

std::string get(const fs::path& file) { return runtime::read_file(file, 1 << 30); }

/// What a user sees of the error that `action` ends with, the temporary folder's name replaced by DIR.
template <class Action>
std::string error_of(Action action, const fs::path& folder) {
  try {
    action();
  } catch (const runtime::Error& error) {
    std::string text = error.render("train_pytorch_model");
    for (std::size_t at; (at = text.find(folder.string())) != text.npos;) text.replace(at, folder.string().size(), "DIR");
    return text;
  }
  return "no error";
}

/// An ImageDirectory of two images, whose parts a test replaces.
struct Directory {
  test::TemporaryFolder folder;
  Directory() {
    put(folder / "_meta.yaml", datasets::meta_text());
    put(folder / "_schema.json", datasets::schema_text(std::vector<std::string>{"cat", "dog"}));
    put(folder / "images.lst", line("a.png", "cat", 0) + line("b.png", "dog", 1));
  }
  static std::string line(const std::string& file, const std::string& category, int id) {
    return datasets::index_line("image/" + file, id, &category);
  }
  ImageDirectory open() const { return ImageDirectory::open(folder.path(), "training dataset"); }
  std::string error() const {
    return error_of([&] { open(); }, folder.path());
  }
  /// The error with `text` as one of the parts.
  std::string with(const std::string& part, const std::string& text) const {
    put(folder / part, text);
    return error();
  }
};

std::string error_text(const std::string& sentence, const std::string& hint) {
  return "error[InvalidDatasetError] train_pytorch_model: " + sentence + "\n  path   DIR\n  hint   " + hint + "\n";
}

const std::string kAgain = "Make the image directory again with Convert to Image Directory.";
const std::string kConvert = "Convert to Image Directory makes an image directory.";

}  // namespace

TEST_CASE("image directory: the original's are read", "[image_directory]") {
  const auto images = ImageDirectory::open(test::original("image_directory_labelled"), "training dataset");
  REQUIRE(images.size() == 24);
  CHECK(images.labelled());
  CHECK_FALSE(images.raw());
  CHECK(images.categories() == std::vector<datasets::Category>{{0, "circle"}, {1, "square"}, {2, "triangle"}});
  CHECK(images.file(0) == "image/0_0.png");
  CHECK(images.file(23) == "image/2_23.png");
  CHECK(images.label(0) == 0);
  CHECK(images.label(8) == 1);
  CHECK(images.label(23) == 2);
  CHECK(images.path(3) == test::original("image_directory_labelled") / "image/0_3.jpeg");
  CHECK(images.schema_json() == get(images.root() / "_schema.json"));
  CHECK(images.samples_json() == get(images.root() / "_samples.json"));
  for (const char* name : {"image_directory_from_zip", "image_directory_valid", "image_directory_transformed_infer"}) {
    CHECK(ImageDirectory::open(test::original(name), "training dataset").categories() == images.categories());
  }
}

TEST_CASE("image directory: one without labels is read as such", "[image_directory]") {
  const auto images = ImageDirectory::open(test::original("image_directory_unlabelled"), "training dataset");
  CHECK(images.size() == 3);
  CHECK_FALSE(images.labelled());
  CHECK(images.categories().empty());
  CHECK(images.label(1) == -1);
}

TEST_CASE("image directory: what is written again has the original's bytes", "[image_directory]") {
  for (const char* name : {"image_directory_labelled", "image_directory_unlabelled"}) {
    const auto images = ImageDirectory::open(test::original(name), "training dataset");
    test::TemporaryFolder folder;
    runtime::OutputDirectory output(folder / "out");
    std::optional<std::vector<std::string>> categories;
    if (images.labelled()) categories = {"circle", "square", "triangle"};
    datasets::ImageDirectoryWriter writer(output, categories);
    for (std::size_t i = 0; i < images.size(); ++i) {
      writer.add(std::string(images.file(i)), get(images.path(i)),
                 images.labelled() ? std::optional(images.label(i)) : std::nullopt);
    }
    writer.publish();
    std::size_t compared = 0;
    for (const auto& entry : fs::recursive_directory_iterator(images.root())) {
      if (!entry.is_regular_file()) continue;
      CHECK(get(entry.path()) == get(folder / "out" / entry.path().lexically_relative(images.root())));
      ++compared;
    }
    CHECK(compared == images.size() + 4);
  }
}

TEST_CASE("image directory: ids and the extension come back as they were written", "[image_directory]") {
  const datasets::Extension extension = {{"transforms", R"([["Resize", 48]])"}, {"it's", "\"ä\"\n"}};
  test::TemporaryFolder folder;
  runtime::OutputDirectory output(folder / "out");
  datasets::ImageDirectoryWriter writer(output, std::vector<std::string>{"cat"}, extension);
  writer.add("image/a.png", "a", 0, 21);
  writer.add("image/b.png", "b", 0);
  writer.publish();
  const auto images = ImageDirectory::open(folder / "out", "training dataset");
  CHECK(images.extension() == extension);
  CHECK(images.id(0) == 21);
  CHECK(images.id(1) == 1);
  CHECK(images.samples_json().find("\"id\": 21") != std::string::npos);
}

TEST_CASE("image directory: names beyond ASCII are escaped in the index and come back", "[image_directory]") {
  const std::string name = "キツネ \"é\"";
  CHECK(datasets::index_line("image/a.png", 7, &name) ==
        R"({"image_info": {"file_name": "image/a.png"}, "category": "\u30ad\u30c4\u30cd \"\u00e9\"", "id": 7})"
        "\n");
  Directory directory;
  put(directory.folder / "_schema.json", datasets::schema_text(std::vector<std::string>{name}));
  put(directory.folder / "images.lst", Directory::line("ä.png", name, 0));
  const auto images = directory.open();
  CHECK(images.categories().front().name == name);
  CHECK(images.file(0) == "image/ä.png");
}

TEST_CASE("image directory: class folders are taken as they are", "[image_directory]") {
  test::TemporaryFolder folder;
  for (const char* file : {"dog/b.PNG", "cat/a.jpg", "cat/notes.txt", "loose.png", "cat/deeper/c.png"}) put(folder / file, "x");
  const auto images = ImageDirectory::open(folder.path(), "training dataset");
  CHECK(images.raw());
  CHECK(images.labelled());
  CHECK(images.categories() == std::vector<datasets::Category>{{0, "cat"}, {1, "dog"}});
  REQUIRE(images.size() == 2);
  CHECK(images.file(0) == "cat/a.jpg");
  CHECK(images.file(1) == "dog/b.PNG");
  CHECK(images.label(1) == 1);
  CHECK(images.schema_json() == datasets::schema_text(std::vector<std::string>{"cat", "dog"}));
  CHECK(images.samples_json() ==
        "[\n  {\n    \"image\": \"eA==\",\n    \"id\": 0,\n    \"category\": \"cat\"\n  },\n"
        "  {\n    \"image\": \"eA==\",\n    \"id\": 1,\n    \"category\": \"dog\"\n  }\n]");
}

TEST_CASE("image directory: a plain folder of images is unlabelled", "[image_directory]") {
  test::TemporaryFolder folder;
  for (const char* file : {"b.png", "a.png"}) put(folder / file, "x");
  const auto images = ImageDirectory::open(folder.path(), "training dataset");
  CHECK(images.raw());
  CHECK_FALSE(images.labelled());
  REQUIRE(images.size() == 2);
  CHECK(images.file(0) == "a.png");
}

TEST_CASE("image directory: what is no such directory is refused", "[image_directory]") {
  test::TemporaryFolder folder;
  const auto open = [&](const std::string& name) {
    return error_of([&] { ImageDirectory::open(folder / name, "training dataset"); }, folder / name);
  };
  CHECK(open("nowhere") == error_text("the training dataset does not exist", "Give the path of an image directory."));
  put(folder / "file", "text");
  CHECK(open("file") == error_text("the training dataset is a file, not an image directory", kConvert));
  fs::create_directory(folder / "empty");
  CHECK(open("empty") == error_text("the training dataset is an empty folder", kConvert));
  put(folder / "texts/a/notes.txt", "text");
  CHECK(open("texts") == error_text("the training dataset has no _meta.yaml and is not a tree of class folders",
                                    kConvert.substr(0, kConvert.size() - 1) + " of it."));
  put(folder / "latin1/caf\xE9/a.png", "x");
  CHECK(open("latin1") ==
        error_text("the training dataset has a name that is not UTF-8: 'caf\\xe9/a.png'", "Rename the folder or file."));
}

TEST_CASE("image directory: lost or broken metadata is not guessed at", "[image_directory]") {
  Directory directory;
  put(directory.folder / "image/a.png", "x");
  fs::remove(directory.folder / "_meta.yaml");
  CHECK(directory.error() == error_text("the training dataset has no _meta.yaml and is not a tree of class folders",
                                        kConvert.substr(0, kConvert.size() - 1) + " of it."));
  const auto meta = [&](const std::string& text) { return directory.with("_meta.yaml", text); };
  const auto broken = [](const std::string& reason) {
    return error_text("the training dataset has a broken _meta.yaml: " + reason, kAgain);
  };
  CHECK(meta("type: ModelDirectory\nmodel: model_spec.yaml\n") ==
        error_text("the training dataset is of type ModelDirectory, not ImageDirectory", kConvert));
  CHECK(meta("image_list: images.lst\n") == broken("the key 'type' is missing"));
  CHECK(meta("type: ImageDirectory\nimage_list: images.lst\n") == broken("the key 'schema' is missing"));
  CHECK(meta("type: ImageDirectory\nschema: _schema.json\n") == broken("the key 'image_list' is missing"));
  CHECK(meta("type: ImageDirectory\nimage_list: images.lst\nschema: nowhere.json\n") ==
        error_text("the training dataset has a broken schema: 'nowhere.json': No such file or directory", kAgain));
  CHECK(meta("type: ImageDirectory\nimage_list: ../images.lst\nschema: _schema.json\n") ==
        broken("its image_list '../images.lst' is a path with '..'"));
}

TEST_CASE("image directory: a broken schema is refused", "[image_directory]") {
  Directory directory;
  const auto schema = [&](const std::string& text) { return directory.with("_schema.json", text); };
  const auto broken = [](const std::string& reason) {
    return error_text("the training dataset has a broken schema: " + reason, kAgain);
  };
  const std::string image =
      R"({"name": "image", "type": "Bytes", "elementType": {"typeName": "bytes"}, "properties": {"mime_type": "image/png", "image_ref": "image_info"}})";
  const auto label = [&](const std::string& properties) {
    return schema("{\"columnAttributes\": [" + image +
                  R"(, {"name": "category", "type": "String", "elementType": {"typeName": "str"}, "properties": {)" + properties +
                  "}}]}");
  };
  const auto categories = [&](const std::string& list) {
    return label(R"("annotation_type": "COCO_classification", "categories": )" + list);
  };
  CHECK(schema("{") == broken("it is not valid JSON (column 2: the text ends too early)"));
  CHECK(schema("[]") == broken("it has no list 'columnAttributes'"));
  CHECK(schema(R"({"columnAttributes": []})") == broken("it has no image column"));
  CHECK(schema(R"({"columnAttributes": [{"name": "image"}]})") == broken("a column has no text 'type'"));
  CHECK(schema(R"({"columnAttributes": [7]})") == broken("a column has no text 'name'"));
  CHECK(schema(R"({"columnAttributes": [{"name": "image", "type": "Bytes"}]})") == broken("a column has no text 'typeName'"));
  CHECK(categories("[]") == broken("it has no categories"));
  CHECK(categories(R"([{"id": 0.5, "name": "cat"}])") == broken("a category has no whole number 'id'"));
  CHECK(categories(R"([{"id": 0, "name": ""}])") == broken("a category has no name"));
  CHECK(categories(R"([{"id": 0, "name": "cat"}, {"id": 1, "name": "cat"}])") == broken("the category 'cat' is listed twice"));
  const std::string ids =
      error_text("the ids of the training dataset's categories are not 0 to 1 in the order of the list", kAgain);
  CHECK(categories(R"([{"id": 1, "name": "cat"}, {"id": 0, "name": "dog"}])") == ids);
  CHECK(categories(R"([{"id": 0, "name": "cat"}, {"id": 2, "name": "dog"}])") == ids);
  CHECK(label(R"("annotation_type": "COCO_object_detection")") ==
        error_text("the training dataset is annotated for COCO_object_detection, not for classification",
                   "Train PyTorch Model needs one category for each image."));
}

TEST_CASE("image directory: a broken index is refused, naming the line", "[image_directory]") {
  Directory directory;
  const std::string first = Directory::line("a.png", "cat", 0);
  const auto second = [&](const std::string& text) { return directory.with("images.lst", first + text); };
  const auto broken = [](const std::string& reason) {
    return error_text("the training dataset has a broken index: line 2: " + reason, kAgain);
  };
  CHECK(second("{\"image_info\": \n") == broken("it is not valid JSON (column 16: the text ends too early)"));
  CHECK(second("\n" + first) == broken("it is not valid JSON (column 1: the text ends too early)"));
  CHECK(second("[]\n") == broken("it is not a JSON object"));
  CHECK(second("{\"category\": \"cat\"}\n") == broken("it has no object 'image_info'"));
  CHECK(second("{\"image_info\": {\"id\": 1}}\n") == broken("it has no text 'file_name'"));
  CHECK(second(R"({"image_info": {"file_name": "a.png", "base_file_name": "/x/a.png"}, "category": "cat"})") ==
        broken("base_file_name is not supported"));
  CHECK(second(R"({"image_info": {"file_name": "a.png"}, "category": 1})") == broken("its category is not a text"));
  for (const char* id : {"1.5", "9223372036854775808", "\"7\""}) {
    CHECK(second(R"({"image_info": {"file_name": "a.png"}, "category": "cat", "id": )" + std::string(id) + "}") ==
          broken("its id is not a whole number of 64 bits"));
  }
  CHECK(second(R"({"image_info": {"file_name": "a.png"}, "category": "fox"})") ==
        error_text("line 2 of the training dataset's index has the category 'fox', which its schema does not list", kAgain));
  for (const char* blank : {"", ", \"category\": null", ", \"category\": \"\""}) {
    CHECK(second(R"({"image_info": {"file_name": "a.png"})" + std::string(blank) + "}") ==
          error_text("line 2 of the training dataset's index has no category", "Label the image or remove its line."));
  }
  CHECK(second(R"({"image_info": {"file_name": "a.png", "coco_url": "http://x/a.png"}, "category": "cat"})") ==
        error_text("the training dataset points to images on the web (coco_url), which are not fetched",
                   "Download the images and convert them with Convert to Image Directory."));
  CHECK(
      directory.with("images.lst", "") ==
      error_text(
          "the training dataset holds no image",
          "Images are files named jpg, jpeg, png, gif, heic, heif, webp, tif, tiff, bmp, ppm, pgm, pbm, pnm, jfif, jpe or apng."));
}

TEST_CASE("image directory: file names that lead out of it are refused", "[image_directory]") {
  Directory directory;
  for (const auto& [json, shown] : std::map<std::string, std::string>{{"/etc/passwd", "/etc/passwd"},
                                                                      {"../a.png", "../a.png"},
                                                                      {"image/../../a.png", "image/../../a.png"},
                                                                      {"", ""},
                                                                      {"a\\u0000.png", "a\\x00.png"},
                                                                      {"../a\\nFATAL code=", "../a\\nFATAL code="}}) {
    CHECK(directory.with("images.lst", "{\"image_info\": {\"file_name\": \"" + json + "\"}, \"category\": \"cat\"}\n") ==
          error_text("the training dataset names a file outside of its folder: '" + shown + "'", kAgain));
  }
  put(directory.folder / "images.lst", Directory::line("a.png", "cat", 0));
  fs::create_directory(directory.folder / "image");
  fs::create_symlink("/etc/passwd", directory.folder / "image/a.png");
  CHECK_THROWS_WITH(directory.open().path(0), "a symbolic link out of its folder");
}

TEST_CASE("image directory: categories that differ are listed", "[image_directory]") {
  test::TemporaryFolder folder;
  const auto make = [&](const std::string& name, const std::vector<std::string>& categories) {
    put(folder / name / "_meta.yaml", datasets::meta_text());
    put(folder / name / "_schema.json", datasets::schema_text(categories));
    put(folder / name / "images.lst", Directory::line("a.png", categories[0], 0));
    return ImageDirectory::open(folder / name, name);
  };
  const auto difference = [&](const ImageDirectory& train, const ImageDirectory& valid) {
    return error_of([&] { datasets::check_same_categories(train, valid); }, folder.path());
  };
  const std::string begin = "error[InvalidDatasetError] train_pytorch_model: the categories of the two datasets differ\n";
  const std::string hint =
      "Give both datasets the same category names with the same ids; Split Image Directory makes such a pair.\n";
  const auto train = make("train", {"cat", "dog", "fox"});
  CHECK(difference(train, make("same", {"cat", "dog", "fox"})) == "no error");
  CHECK(difference(train, make("valid set", {"cat", "dog", "Fox", "owl"})) ==
        begin +
            "  training dataset     DIR/train       cat, dog, fox\n"
            "  validation dataset   DIR/valid set   cat, dog, Fox, owl\n"
            "  only in training     fox\n"
            "  only in validation   Fox, owl\n"
            "  hint                 " +
            hint);
  CHECK(difference(train, make("order", {"dog", "cat", "fox"})) == begin +
                                                                       "  training dataset     DIR/train   cat, dog, fox\n"
                                                                       "  validation dataset   DIR/order   dog, cat, fox\n"
                                                                       "  different ids        cat (0 and 1), dog (1 and 0)\n"
                                                                       "  hint                 " +
                                                                       hint);
  const std::vector<std::string> many = {"01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12"};
  CHECK(difference(make("many", many), make("one", {"01"})) ==
        begin +
            "  training dataset     DIR/many   01, 02, 03, 04, 05, 06, 07, 08, 09, 10, and 2 more\n"
            "  validation dataset   DIR/one    01\n"
            "  only in training     02, 03, 04, 05, 06, 07, 08, 09, 10, 11, and 1 more\n"
            "  hint                 " +
            hint);
}
