#include "runtime/spec/spec.h"

#include "runtime/error/error.h"
#include "runtime/spec/embedded.h"
#include "runtime/text/text.h"
#include "tests/support/catch.h"

namespace torchport::runtime {
namespace {

const std::string kTypes =
    "types:\n"
    "  AnyPath: {directory: null, error: InvalidDataset, file_allowed: true, description: d}\n"
    "  ImageDirectory: {directory: ImageDirectory, error: InvalidDataset, description: d}\n";
const std::string kSettings =
    "run_settings:\n  run_dir: {type: string, flag: run-dir, optional: true, unit: none, title: t, help: h}\n";
const std::string kBlur =
    "name: blur\n"
    "title: Blur\n"
    "category: Computer Vision\n"
    "launch: single\n"
    "summary: s\n"
    "description: d\n"
    "example: e\n"
    "inputs:\n"
    "  images: {type: ImageDirectory, flag: images, title: Images, help: h}\n"
    "parameters:\n"
    "  radius: {type: integer, flag: radius, range: \"(0, 9]\", default: 3, unit: pixels, title: Radius, help: h}\n";

Specs parse(const std::string& component) {
  return Specs::parse(
      {{"spec/types.yaml", kTypes}, {"spec/run_settings.yaml", kSettings}, {"spec/components/blur.yaml", component}});
}

/// kBlur with `from` replaced by `to`, and the sentence that it is refused with.
std::string fault_of(const std::string& from, const std::string& to) {
  std::string text = kBlur;
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  try {
    parse(text.replace(at, from.size(), to));
  } catch (const Error& error) {
    CHECK(error.key() == "FileParsingFailed.spec");
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("spec: the components are sorted and have the original's flags", "[spec]") {
  std::vector<std::string> names;
  for (const ComponentSpec& component : Specs::get().components()) names.push_back(component.name);
  CHECK(std::is_sorted(names.begin(), names.end()));
  const std::vector<std::string> some = {"convert_to_image_directory", "densenet", "resnet", "train_pytorch_model"};
  CHECK(std::includes(names.begin(), names.end(), some.begin(), some.end()));
  const ComponentSpec& train = Specs::get().component("train_pytorch_model");
  CHECK(train.distributed);
  CHECK(train.input("training_dataset")->flag == "train-data-path");
  CHECK(train.input("training_dataset")->labelled);
  CHECK(train.input("training_dataset")->what() == "training dataset");
  CHECK_FALSE(train.input("untrained_model")->labelled);
  CHECK(train.output("trained_model")->type == "ModelDirectory");
  CHECK(train.input("trained_model") == nullptr);
  CHECK(train.parameter("batch_size")->unit == "images per process");
  CHECK_FALSE(train.parameter("batch_size")->option);
  CHECK(train.parameter("keep")->option);
}

TEST_CASE("spec: variants keep the order of the file and their cells' types", "[spec]") {
  const ComponentSpec& resnet = Specs::get().component("resnet");
  CHECK(resnet.function == "init_model");
  CHECK(resnet.variants.front().name == "resnet18");
  CHECK(resnet.variants.back().name == "wide_resnet101_2");
  CHECK(resnet.parameter("model_name")->choices.size() == 9);
  const Variant& variant = *resnet.variant("resnext50_32x4d");
  CHECK(variant.integer("groups") == 32);
  CHECK(variant.integer_or("stride", 7) == 7);
  CHECK(variant.text("block") == "bottleneck");
  CHECK(variant.integers("layers") == std::vector<std::int64_t>{3, 4, 6, 3});
  CHECK_THROWS_WITH(variant.integer("block"), "the variant resnext50_32x4d has no such 'block'");
  CHECK(Specs::get().by_model_class(resnet.architecture->module, "ResNet") == &resnet);
  CHECK(Specs::get().by_model_class("os", "system") == nullptr);
}

TEST_CASE("spec: ranges are read with their bounds", "[spec]") {
  const Range range = *parse(kBlur).component("blur").parameter("radius")->range;
  CHECK(range.low == 0);
  CHECK(range.low_open);
  CHECK(range.high == 9);
  CHECK_FALSE(range.high_open);
  CHECK(range.text == "(0, 9]");
}

TEST_CASE("spec: what the program could not rely on is refused with file and line", "[spec]") {
  const auto [from, to, fault] = GENERATE(table<std::string, std::string, std::string>({
      {"title: Blur\n", "titel: Blur\n", "line 1: the file lacks the key 'title'"},
      {"category: ", "colour: red\ncategory: ", "line 3: unknown key 'colour' in the file"},
      {"unit: pixels", "unit: pixels, ragne: x", "line 11: unknown key 'ragne' in 'radius', did you mean 'range'?"},
      {", unit: pixels", "", "line 11: 'radius' lacks the key 'unit'"},
      {"title: Blur\n", "title: [Blur]\n", "line 2: 'title' of the file must be a text"},
      {"title: Blur\n", "title: ''\n", "line 2: 'title' of the file must be a text"},
      {"name: blur\n", "name: blurr\n", "line 1: the name 'blurr' is not that of the file"},
      {"launch: single", "launch: twice", "line 4: 'launch' must be single or distributed"},
      {"type: ImageDirectory", "type: ImageDir", "line 9: types.yaml has no type 'ImageDir'"},
      {"type: integer", "type: int", "line 11: 'int' is none of integer, float, boolean, string, choice, size"},
      {"\"(0, 9]\"", "\"0..9\"", "line 11: '0..9' is not a range such as \"(0, 1]\""},
      {"\"(0, 9]\"", "\"(0, nine]\"", "line 11: 'nine' is not a bound of a range"},
      {"\"(0, 9]\"", "\"(9, 0]\"", "line 11: the range (9, 0] is empty"},
      {"default: 3", "default: 10", "line 11: the default does not fit: --radius is 10, which is outside of (0, 9]"},
      {"default: 3", "default: 3.0", "line 11: the default does not fit: --radius is '3.0', which is not a decimal whole number"},
      {"default: 3", "default: 3, optional: true", "line 11: 'radius' has a default and is optional: one of them is too much"},
      {"default: 3", "optional: maybe", "line 11: 'optional' of 'radius' must be true or false"},
      {"range: \"(0, 9]\", default: 3", "choices: [a]", "line 11: unknown key 'choices' in 'radius'"},
      {"type: integer, flag: radius, range: \"(0, 9]\", default: 3", "type: choice, flag: radius, choices: variants",
       "line 11: there are no variants to choose from"},
      {"type: integer, flag: radius, range: \"(0, 9]\", default: 3", "type: choice, flag: radius, choices: [a], unknown: No.such",
       "line 11: errors.yaml has no 'No.such'"},
      {"flag: radius", "flag: images", "line 1: the flag --images is there twice"},
      {"flag: radius", "flag: run_dir", "line 1: the flag --run-dir is there twice"},
      {"flag: radius", "flag: help", "line 1: the flag --help is there twice"},
      {"  radius:", "  Radius:", "line 11: 'Radius' is not a name: small letters, digits and _ only"},
      {"inputs:\n  images: {type: ImageDirectory, flag: images, title: Images, help: h}", "inputs: none",
       "line 8: 'inputs' of the file must be a map"},
      {"parameters:\n", "variants:\n  small: {size: {a: 1}}\nparameters:\n",
       "line 11: 'size' of the variant 'small' is not a text, a whole number or a list of whole numbers"},
      {"name: blur\n", "name: blur\nname: blur\n", "line 2, column 1: the key 'name' is given twice"},
      {"title: Images", "title: Images, optional: maybe", "line 9: 'optional' of 'images' must be true or false"},
      {"default: 3", "default: 3, network: true", "line 1: 'radius' is of a network, but there is no architecture"},
      {"type: integer, flag: radius, range: \"(0, 9]\", default: 3", "type: string, flag: radius, network: true",
       "line 11: a network is not built from a free text: give integer, float, boolean or choice"},
  }));
  INFO(to);
  CHECK(fault_of(from, to) == "spec/components/blur.yaml: " + fault);
}

TEST_CASE("spec: legal values read as words", "[spec]") {
  const auto allowed = [](const std::string& range) {
    std::string text = kBlur;
    return parse(text.replace(text.find("\"(0, 9]\""), 8, range)).component("blur").parameter("radius")->allowed();
  };
  CHECK(allowed("\"(0, 9]\"") == "(0, 9]");
  CHECK(allowed("\"(0, )\"") == "> 0");
  CHECK(allowed("\"[1, )\"") == ">= 1");
  CHECK(allowed("\"( , 9)\"") == "< 9");
  CHECK(allowed("\"( , 9]\"") == "<= 9");
}

TEST_CASE("spec: makers of a type are named by their titles, the one with the most variants first", "[spec]") {
  const auto maker = [](const std::string& name, const std::string& variants) {
    return "name: " + name + "\ntitle: The " + name + "\ncategory: c\nlaunch: single\nsummary: s\ndescription: d\nexample: e\n" +
           "outputs:\n  images: {type: ImageDirectory, flag: images, title: Images, help: \"as {maker:ImageDirectory} makes "
           "it\"}\n" +
           variants;
  };
  std::map<std::string, std::string> files = {{"spec/types.yaml", kTypes},
                                              {"spec/run_settings.yaml", kSettings},
                                              {"spec/components/a.yaml", maker("a", "")},
                                              {"spec/components/b.yaml", maker("b", "variants:\n  small: {size: 1}\n")}};
  const Specs two = Specs::parse(files);
  CHECK(two.with_makers("{makers:ImageDirectory} make one, {maker:ImageDirectory} too") ==
        "The b and The a make one, The b or The a too");
  CHECK(two.component("a").output("images")->help == "as The b or The a makes it");
  files["spec/components/c.yaml"] = maker("c", "");
  CHECK(Specs::parse(files).with_makers("{makers:ImageDirectory}") == "The b, The a and The c");
  CHECK(Specs::get().with_makers("{makers:UntrainedModelDirectory}, {maker:UntrainedModelDirectory}") ==
        "ResNet and DenseNet, ResNet or DenseNet");
}

TEST_CASE("specs: those that are compiled in, and trusted, name only errors that there are", "[spec]") {
  std::map<std::string, std::string> files;
  for (const auto& [path, text] : embedded_specs()) files.emplace("spec/" + std::string(path), text);
  CHECK(Specs::parse(files).components().size() == Specs::get().components().size());
}

}  // namespace torchport::runtime
