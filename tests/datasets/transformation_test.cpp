#include "datasets/transforms/transformation.h"

#include <atomic>
#include <random>

#include "datasets/in_order.h"
#include "datasets/transforms/transformation_directory.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using namespace torchport;
using namespace torchport::datasets;

namespace {

std::string error_of(const std::string& json) {
  try {
    Transformation::parse(json);
    return "no error";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

std::string why(const std::string& json, ImageSize size) {
  try {
    const ImageSize to = Transformation::parse(json).size(size);
    return std::to_string(to.width) + " x " + std::to_string(to.height);
  } catch (const TransformError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("transformation: the original's directory is read, and written again with its bytes", "[transformation]") {
  const fs::path golden = test::original("image_transformation");
  const auto transformation = TransformationDirectory::open(golden, "input image transformation").transformation;
  CHECK(transformation.names() ==
        "Resize, CenterCrop, Pad, ColorJitter, RandomResizedCrop, RandomHorizontalFlip, RandomRotation, RandomPerspective");
  CHECK(transformation.size({100, 50}) == ImageSize{32, 32});
  const auto rest = transformation.without_random();
  CHECK(rest.json() == R"([["Resize",48],["CenterCrop",40],["Pad",2]])");
  CHECK(rest.size({100, 50}) == ImageSize{44, 44});
  CHECK((transformation.random() && !rest.random()));

  test::TemporaryFolder folder;
  runtime::OutputDirectory output(folder / "out");
  write_transformation(output, transformation);
  for (const char* file : {"_meta.yaml", "_transforms.json"})
    CHECK(runtime::read_file(folder / "out" / file, 1 << 30) == runtime::read_file(golden / file, 1 << 30));
}

TEST_CASE("transformation: every operation is known by torchvision's name", "[transformation]") {
  for (const auto& [name, argument] : std::map<std::string, std::string>{{"Resize", "5"},
                                                                         {"CenterCrop", "5"},
                                                                         {"Pad", "5"},
                                                                         {"RandomCrop", "5"},
                                                                         {"RandomHorizontalFlip", "{}"},
                                                                         {"RandomVerticalFlip", "{}"},
                                                                         {"RandomResizedCrop", "5"},
                                                                         {"ColorJitter", "{}"},
                                                                         {"RandomRotation", "5"},
                                                                         {"RandomAffine", "5"},
                                                                         {"Grayscale", "{}"},
                                                                         {"RandomGrayscale", "{}"},
                                                                         {"RandomPerspective", "{}"},
                                                                         {"RandomErasing", "{}"}}) {
    CHECK(error_of("[[\"" + name + "\", " + argument + "]]") == "no error");
  }
  for (const std::string name : {"ToTensor", "ToPILImage", "Normalize", "FiveCrop", "TenCrop"}) {
    CHECK(error_of("[[\"Resize\", 5], [\"" + name + "\", {}]]") ==
          "operation 2, " + name + ": it does not make one image of one image");
  }
  CHECK(error_of(R"([["RandomCorp", 5]])") == "operation 1, RandomCorp: there is no such operation; did you mean RandomCrop?");
  CHECK(error_of(R"([["__import__", 5]])") == "operation 1, __import__: there is no such operation");
}

TEST_CASE("transformation: faulty lists and arguments are refused, naming the place", "[transformation]") {
  const auto argument = [](const std::string& row) { return error_of("[" + row + "]"); };
  CHECK(error_of("[") == "it is not valid JSON (column 2: the text ends too early)");
  CHECK(error_of("{}") == "it is not a list of operations");
  CHECK(error_of(R"([["Resize", )" + std::string(30000, '[') + std::string(30000, ']') + "]]") ==
        "it is nested deeper than 8 levels");
  CHECK(error_of("[1]") == "operation 1 is not a name with its arguments");
  CHECK(error_of(R"([["Resize", 5], ["Pad"]])") == "operation 2 is not a name with its arguments");
  CHECK(error_of("[" + std::string(100 * 13, ' ') + R"(["Pad", 1])" + [] {
          std::string more;
          for (int i = 0; i < 100; ++i) more += R"(,["Pad", 1])";
          return more;
        }() + "]") == "it has more than 100 operations");
  CHECK(argument(R"(["Resize", {}])") == "operation 1, Resize: size is missing");
  CHECK(argument(R"(["Resize", 0])") == "operation 1, Resize: size is 0, but must be a whole number, 1 to 65535");
  CHECK(argument(R"(["Resize", 1.5])") == "operation 1, Resize: size is 1.5, but must be a whole number, 1 to 65535");
  CHECK(argument(R"(["Resize", 18446744073709551615])") ==
        "operation 1, Resize: size is 18446744073709551615, but must be a whole number, 1 to 65535");
  CHECK(argument(R"(["Resize", [[1, 2, 3]]])") ==
        "operation 1, Resize: size is [1,2,3], but must be one number, or height and width");
  CHECK(argument(R"(["Resize", {"sice": 5}])") == "operation 1, Resize: it has no argument 'sice'; did you mean size?");
  CHECK(argument(R"(["Resize", {"size": 5, "interpolation": 1}])") ==
        "operation 1, Resize: interpolation is 1, but must be 2 or 3 (Pillow's numbers; the others are not implemented)");
  CHECK(argument(R"(["Resize", {"size": 50, "max_size": 50}])") ==
        "operation 1, Resize: max_size is 50, but must be a whole number, 51 to 65535");
  CHECK(argument(R"(["RandomHorizontalFlip", [0.5, 1]])") == "operation 1, RandomHorizontalFlip: it has 2 arguments, more than 1");
  CHECK(argument(R"(["RandomHorizontalFlip", 2])") == "operation 1, RandomHorizontalFlip: p is 2, but must be a number, 0 to 1");
  CHECK(argument(R"(["Letterbox", {"fill": 3}])") == "operation 1, Letterbox: size is missing");
  CHECK(argument(R"(["Letterbox", [8, 256]])") == "operation 1, Letterbox: fill is 256, but must be a number, 0 to 255");
  CHECK(argument(R"(["Pad", -1])") == "operation 1, Pad: padding is -1, but must be a whole number, 0 to 65535");
  CHECK(argument(R"(["Pad", [[1, 2, 3]]])") == "operation 1, Pad: padding is [1,2,3], but must be one, two or four numbers");
  CHECK(argument(R"(["Pad", {"padding": 1, "padding_mode": "wrap"}])") ==
        "operation 1, Pad: padding_mode is \"wrap\", but must be constant, edge, reflect or symmetric");
  CHECK(argument(R"(["Pad", {"padding": 1, "fill": [1, 2]}])") ==
        "operation 1, Pad: fill is [1,2], but must be one number or three");
  CHECK(argument(R"(["RandomRotation", {"degrees": 5, "expand": true}])") ==
        "operation 1, RandomRotation: expand is true, which gives images of random sizes and is not supported");
  CHECK(argument(R"(["RandomResizedCrop", {"size": 5, "scale": [1, 0.5]}])") ==
        "operation 1, RandomResizedCrop: scale is [1,0.5], but must be two numbers, the lower one first");
  CHECK(argument(R"(["ColorJitter", {"brightness": -1}])") ==
        "operation 1, ColorJitter: brightness is -1, but must be a number, 0 to 1000000");
  CHECK(argument(R"(["ColorJitter", {"hue": 0.6}])") == "operation 1, ColorJitter: hue is 0.6, but must be a number, -0.5 to 0.5");
  CHECK(argument(R"(["RandomErasing", {"value": "random"}])") ==
        "operation 1, RandomErasing: value is \"random\", but must be a number, 0 to 1");
  CHECK(argument(R"(["RandomAffine", {"degrees": 5, "translate": [0.5, 1.5]}])") ==
        "operation 1, RandomAffine: translate is 1.5, but must be a number, 0 to 1");
}

TEST_CASE("transformation: a list with changed bytes is refused, or comes back as it was read", "[transformation]") {
  const std::string good = runtime::read_file(test::original("image_transformation/_transforms.json"), 1 << 30);
  const std::string_view bytes = "[]{},:\"-0159.eE aPR\\\xff";
  std::mt19937 random(1);
  std::size_t refused = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string text = good;
    for (auto changes = random() % 4 + 1; changes > 0; --changes) text[random() % text.size()] = bytes[random() % bytes.size()];
    try {
      const auto transformation = Transformation::parse(text);
      CHECK(Transformation::parse(transformation.json()).json() == transformation.json());
      static_cast<void>(transformation.size({60, 60}));
    } catch (const TransformError&) {
    } catch (const std::runtime_error&) {
      ++refused;
    }
  }
  CHECK((refused > 1000 && refused < 5000));
}

TEST_CASE("transformation: an image that cannot be transformed is told from its size alone", "[transformation]") {
  CHECK(why(R"([["Resize", 256], ["CenterCrop", 224]])", {375, 500}) == "224 x 224");
  CHECK(why(R"([["Resize", 256]])", {375, 500}) == "341 x 256");
  CHECK(why(R"([["CenterCrop", 40]])", {20, 30}) == "40 x 40");
  CHECK(why(R"([["Letterbox", [[40, 50]]]])", {200, 3000}) == "50 x 40");
  CHECK(why(R"([["Letterbox", 40]])", {1, 9000}) == "Letterbox: its shorter edge would vanish");
  CHECK(why(R"([["RandomCrop", [[40, 30]]]])", {39, 30}) == "RandomCrop: the image is 30 x 39, smaller than the crop of 30 x 40");
  CHECK(why(R"([["RandomCrop", {"size": 40, "pad_if_needed": true}]])", {20, 30}) == "40 x 40");
  CHECK(why(R"([["Pad", 60000]])", {20, 30}) == "Pad: it would become 120030 x 120020");
  CHECK(why(R"([["Resize", 60000]])", {1, 3000}) == "Resize: it would become 180000000 x 60000");
  CHECK(why(R"([["Resize", [[1, 60000]]]])", {2000, 10}) == "Resize: it would become 60000 x 2000");
  CHECK(why(R"([["RandomResizedCrop", [[1, 60000]]]])", {2000, 10}) == "RandomResizedCrop: it would become 60000 x 2000");
  CHECK(why(R"([["RandomCrop", {"size": 8, "padding": 60000}]])", {20, 30}) == "RandomCrop: it would become 120030 x 120020");
  CHECK(why(R"([["Resize", {"size": 1, "max_size": 2}]])", {1, 9000}) == "Resize: its shorter edge would vanish");
  Pixels small;
  small.reset({20, 30});
  CHECK_THROWS_AS(Transformation::parse(R"([["RandomCrop", 40]])").apply(small, {}), TransformError);
}

TEST_CASE("transformation: which images a crop blackens is told from their sizes", "[transformation]") {
  const auto blackens = [](const char* json, ImageSize size) { return Transformation::parse(json).blackens(size); };
  CHECK(blackens(R"([["CenterCrop", 40]])", {40, 39}));
  CHECK(blackens(R"([["CenterCrop", 40]])", {39, 400}));
  CHECK_FALSE(blackens(R"([["CenterCrop", 40]])", {40, 40}));
  CHECK_FALSE(blackens(R"([["Resize", 40], ["CenterCrop", 40]])", {10, 30}));
  CHECK(blackens(R"([["Resize", 39], ["CenterCrop", 40]])", {1000, 1000}));
  CHECK(blackens(R"([["CenterCrop", 40], ["CenterCrop", 8]])", {20, 20}));
  CHECK_FALSE(blackens(R"([["RandomCrop", {"size": 40, "pad_if_needed": true}]])", {20, 20}));
}

TEST_CASE("transformation: what gives one size, whatever comes in, is known without an image", "[transformation]") {
  const auto fixed = [](const char* json) { return Transformation::parse(json).fixed_size(); };
  CHECK(fixed(R"([["Resize", [[30, 20]]]])") == ImageSize{30, 20});
  CHECK(fixed(R"([["Pad", 2], ["Letterbox", [[30, 20]]]])") == ImageSize{30, 20});
  CHECK(fixed(R"([["Resize", 40], ["CenterCrop", 32], ["ColorJitter", {}]])") == ImageSize{32, 32});
  CHECK(fixed(R"([["RandomResizedCrop", 24], ["Pad", [[1, 2, 3, 4]]]])") == ImageSize{30, 28});
  CHECK(fixed(R"([["RandomCrop", {"size": 8, "padding": 3}], ["Resize", 16]])") == ImageSize{16, 16});
  CHECK_FALSE(fixed("[]"));
  CHECK_FALSE(fixed(R"([["Resize", 40]])"));
  CHECK_FALSE(fixed(R"([["Pad", 2], ["RandomHorizontalFlip", {}]])"));
  CHECK(fixed(R"([["CenterCrop", 8], ["CenterCrop", 9]])") == ImageSize{9, 9});
  CHECK_FALSE(fixed(R"([["CenterCrop", 8], ["RandomCrop", 9]])"));  // possible with no image
}

TEST_CASE("transformation directory: each fault has its sentence", "[transformation]") {
  test::TemporaryFolder folder;
  const auto with = [&](const std::string& name, const std::string& meta, const std::string& transforms) {
    fs::create_directory(folder / name);
    runtime::write_file_atomically(folder / name / "_meta.yaml", meta);
    if (!transforms.empty()) runtime::write_file_atomically(folder / name / "_transforms.json", transforms);
    try {
      TransformationDirectory::open(folder / name, "input image transformation");
      return std::string("no error");
    } catch (const runtime::Error& error) {
      CHECK(error.code() == 158);
      return std::string(error.what());
    }
  };
  const std::string meta = "type: TransformationDirectory\nextension: {}\n";
  CHECK(with("good", meta + "transform_type: Image\n", "[]") == "no error");
  CHECK(with("type", "type: ImageDirectory\n", "[]") ==
        "the input image transformation is of type ImageDirectory, not TransformationDirectory");
  const std::string pickle = "the input image transformation is a pickle file, which would run code when it is read";
  CHECK(with("pickle", meta + "transform_type: Pickle\nfile_path: transform.pkl\n", "[]") == pickle);
  CHECK(with("absent", meta, "[]") == pickle);
  CHECK(with("other", meta + "transform_type: Text\n", "[]") ==
        "the input image transformation has the transform_type 'Text', which is not Image");
  CHECK(with("no_file", meta + "transform_type: Image\n", "") ==
        "the input image transformation has a faulty _transforms.json: No such file or directory");
  CHECK(with("broken", meta + "transform_type: Image\n", "[[\"Crop\", 5]]") ==
        "the input image transformation has a faulty _transforms.json: operation 1, Crop: there is no such operation");
}

TEST_CASE("in order: results come in the order of the items, whichever thread made them", "[in_order]") {
  for (const int threads : {1, 3, 16}) {
    std::vector<std::size_t> taken;
    std::atomic<std::size_t> made = 0, most = 0;
    in_order(
        500, threads,
        [&](std::size_t i) {
          ++made;
          return i * i;
        },
        [&](std::size_t i, std::size_t square) {
          CHECK(square == i * i);
          taken.push_back(i);
          most = std::max<std::size_t>(most, made - taken.size());
        });
    CHECK(taken.size() == 500);
    CHECK(std::is_sorted(taken.begin(), taken.end()));
    CHECK(most <= 5 * static_cast<std::size_t>(threads));  // made, but not taken
  }
}

TEST_CASE("in order: the first fault comes out, wherever it arises", "[in_order]") {
  const auto fail_at = [](std::size_t where, bool in_take) {
    in_order(
        100, 4,
        [&](std::size_t i) {
          if (!in_take && i >= where) throw std::runtime_error("item " + std::to_string(i));
          return i;
        },
        [&](std::size_t i, std::size_t) {
          if (in_take && i == where) throw std::runtime_error("taking " + std::to_string(i));
        });
  };
  CHECK_THROWS_WITH(fail_at(30, false), "item 30");
  CHECK_THROWS_WITH(fail_at(50, true), "taking 50");
}
