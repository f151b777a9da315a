#include "models/directory/model_directory.h"

#include "models/directory/model_fault.h"
#include "models/directory/model_spec_reader.h"
#include "models/directory/model_spec_writer.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;
using namespace torchport::models;
namespace fs = std::filesystem;

namespace {

ModelSpec resnet18(std::vector<std::string> labels) {
  ModelSpec spec;
  spec.component = &runtime::Specs::get().component("resnet");
  spec.variant = spec.component->variant("resnet18");
  spec.parameters = {{"zero_init_residual", false}};
  if (labels.empty()) return spec;
  spec.num_classes = static_cast<std::int64_t>(labels.size());
  spec.labels = std::move(labels);
  spec.mean = spec.std_dev = {0.5, 0.5, 0.5};
  return spec;
}

/// Writes a directory whose weights are only what open() looks at, its head.
void write(const fs::path& path, const ModelSpec& spec, std::int64_t outputs) {
  const std::vector<float> zeros(static_cast<std::size_t>(outputs) * 2);
  runtime::OutputDirectory output(path);
  write_model_directory(output, spec, {{"model.fc.weight", DType::float32, {outputs, 2}, zeros.data()}}, "{}", "[]");
}

std::string text(const fs::path& file) { return runtime::read_file(file, 1 << 30); }

void replace(const fs::path& file, const std::string& from, const std::string& to) {
  auto content = text(file);
  const auto at = content.find(from);
  REQUIRE(at != content.npos);
  runtime::write_file_atomically(file, content.replace(at, from.size(), to));
}

/// What open() says of a directory, with the directory's own path cut to DIR.
std::string refusal(const fs::path& path) {
  try {
    ModelDirectory::open(path, "untrained model");
  } catch (const runtime::Error& error) {
    auto rendered = error.render("train_pytorch_model");
    const auto at = rendered.find(path.string());
    if (at != rendered.npos) rendered.replace(at, path.string().size(), "DIR");
    return rendered;
  }
  return "accepted";
}

std::string error(const std::string& sentence, const std::string& hint) {
  return "error[InvalidModelDirectoryError] train_pytorch_model: " + sentence + "\n  path   DIR\n  hint   " + hint + "\n";
}

constexpr auto kMake = "Give the path of a model directory; ResNet and DenseNet make one.";
constexpr auto kAgain = "Make the model directory again.";
constexpr auto kCopy = "Copy the model directory again or make it again.";

}  // namespace

TEST_CASE("model directory: a trained one has the files and fields of the original", "[formats]") {
  const test::TemporaryFolder folder;
  write(folder / "m", resnet18({"circle", "a,b", "\xE7\x8C\xAB"}), 3);
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder / "m")) files.push_back(entry.path().filename());
  std::sort(files.begin(), files.end());
  CHECK(files ==
        std::vector<std::string>{"_meta.yaml", "_samples.json", "_schema.json", "index_to_label.csv", "model", "model_spec.yaml"});
  CHECK(
      text(folder / "m/_meta.yaml") ==
      "type: ModelDirectory\nextension: {}\nmodel: model_spec.yaml\nregisterModel: true\nmodelOutputPath: trained_model_outputs\n");
  CHECK(text(folder / "m/index_to_label.csv") == ",label\n0,circle\n1,\"a,b\"\n2,\xE7\x8C\xAB\n");

  const auto directory = ModelDirectory::open(folder / "m", "trained model");
  CHECK(directory.what() == "trained model");
  CHECK(directory.spec().variant->name == "resnet18");
  CHECK(directory.spec().labels == std::vector<std::string>{"circle", "a,b", "\xE7\x8C\xAB"});
  CHECK(directory.spec().num_classes == 3);
  CHECK_FALSE(directory.spec().pretrained);
  CHECK(directory.spec().parameters == std::map<std::string, runtime::Value>{{"zero_init_residual", false}});
  CHECK(directory.spec().mean == std::array{0.5, 0.5, 0.5});
  CHECK(directory.weights().entries().size() == 1);
}

TEST_CASE("model directory: model_spec.yaml equals the original's byte for byte", "[formats]") {
  const auto root = test::original("untrained_resnet18");
  const ModelFault fault{"model", root};
  const auto original = text(root / "model_spec.yaml");
  const auto file = read_model_spec(original, fault);
  using namespace std::chrono;
  const auto created = sys_days(2026y / November / 23) + 4h + 59min + 33s + 416494us;
  CHECK(model_spec_yaml(file, created) == original);
  CHECK(text(root / "_meta.yaml") == "type: ModelDirectory\nextension: {}\nmodel: model_spec.yaml\n");
}

TEST_CASE("model directory: parameters of the network are written by their types, as Python reads them", "[formats]") {
  const auto root = test::original("untrained_resnet18");
  auto file = read_model_spec(text(root / "model_spec.yaml"), ModelFault{"model", root});
  file.model.parameters = {{"activation", std::string("no")}, {"dropout", 0.2}, {"epsilon", 1e-5},
                           {"groups", std::int64_t{32}},      {"scale", 2.0},   {"zero_init_residual", true}};
  const auto yaml = model_spec_yaml(file, std::chrono::system_clock::now());
  const auto begin = yaml.find("    pretrained: "), end = yaml.find("task_type: ");
  CHECK(yaml.substr(begin, end - begin) ==
        "    pretrained: false\n    activation: \"no\"\n    dropout: 0.2\n    epsilon: 1.0e-05\n    groups: 32\n    scale: 2.0\n"
        "    zero_init_residual: true\n");
}

TEST_CASE("model directory: an untrained one has 1000 classes, no labels and no label map", "[formats]") {
  const test::TemporaryFolder folder;
  auto spec = resnet18({});
  spec.pretrained = true;
  write(folder / "m", spec, 1000);
  CHECK_FALSE(fs::exists(folder / "m/index_to_label.csv"));
  const auto directory = ModelDirectory::open(folder / "m", "untrained model");
  CHECK(directory.spec().pretrained);
  CHECK_FALSE(directory.spec().num_classes.has_value());
  CHECK(directory.spec().labels.empty());
}

TEST_CASE("model directory: without a label map the labels are the class numbers", "[formats]") {
  const test::TemporaryFolder folder;
  write(folder / "m", resnet18({"a", "b"}), 2);
  replace(folder / "m/model_spec.yaml", "label_map_file: index_to_label.csv\n", "");
  CHECK(ModelDirectory::open(folder / "m", "model").spec().labels == std::vector<std::string>{"0", "1"});
}

TEST_CASE("model directory: a folder with one in it, as a registered model has, stands for that", "[formats]") {
  const test::TemporaryFolder folder;
  write(folder / "registered/trained_model_outputs", resnet18({"circle", "square", "triangle"}), 3);
  runtime::write_file_atomically(folder / "registered/MLmodel", "x");
  CHECK(ModelDirectory::open(folder / "registered", "trained model").root() == folder / "registered/trained_model_outputs");
  fs::create_directories(folder / "bare/trained_model_outputs");
  CHECK(refusal(folder / "bare") == error("the untrained model has no _meta.yaml", kMake));
  runtime::write_file_atomically(folder / "registered/_meta.yaml", "type: ImageDirectory\n");
  CHECK(refusal(folder / "registered") == error("the untrained model is of type ImageDirectory, not ModelDirectory", kMake));
}

TEST_CASE("model directory: what is not a model directory at all is refused", "[formats]") {
  const test::TemporaryFolder folder;
  CHECK(refusal(folder / "none") == error("the untrained model does not exist", kMake));
  fs::create_directory(folder / "empty");
  CHECK(refusal(folder / "empty") == error("the untrained model is an empty folder", kMake));
  runtime::write_file_atomically(folder / "file", "x");
  CHECK(refusal(folder / "file") == error("the untrained model is a file, not a model directory", kMake));
  fs::create_directory(folder / "images");
  runtime::write_file_atomically(folder / "images/a.png", "x");
  CHECK(refusal(folder / "images") == error("the untrained model has no _meta.yaml", kMake));
  CHECK(refusal(test::original("image_directory_labelled")) ==
        error("the untrained model is of type ImageDirectory, not ModelDirectory", kMake));
  CHECK(refusal(test::original("untrained_resnet18")) ==
        error("the untrained model lacks its weights file 'model'", "Copy the whole model directory again."));
}

TEST_CASE("model directory: a fault in _meta.yaml or model_spec.yaml is named", "[formats]") {
  const std::string time = "time_created: 2026-11-23T04:59:33.416494+0000";
  const std::string module = "azureml.designer.modules.dl.pytorch.initialize_models.vision.classification.";
  const auto spec = [](const std::string& reason) {
    return error("the untrained model has a broken model_spec.yaml: " + reason, kAgain);
  };
  const auto other = [](const std::string& reason) {
    return error("the untrained model is not a PyTorch model: " + reason, "Use a model that ResNet or DenseNet made.");
  };
  struct Case {
    std::string file, from, to, refusal;
  };
  const std::string meta = "_meta.yaml", model = "model_spec.yaml", pixels = "      - 0.5\n      - 0.5\n      - 0.5\n";
  const std::vector<Case> cases = {
      {meta, "model: model_spec.yaml\n", "", error("the untrained model has a broken _meta.yaml: it names no model", kAgain)},
      {meta, "type: ModelDirectory\n", "", error("the untrained model is of type none, not ModelDirectory", kMake)},
      {meta, "model: model_spec.yaml", "model: ../m/model_spec.yaml", spec("'../m/model_spec.yaml': a path with '..'")},
      {meta, "model: model_spec.yaml", "model: absent.yaml", spec("'absent.yaml': No such file or directory")},
      {model, "flavor:\n  name: pytorch\n  serialization_method: state_dict\n", "", other("its model_spec.yaml names no flavor")},
      {model, "flavor:\n  name: pytorch\n  serialization_method: state_dict\n", "model_type: pickle\n",
       other("it is a pickled model of the type 'pickle'")},
      {model, "name: pytorch", "name: sklearn", other("flavor.name is 'sklearn', not pytorch")},
      {model, "  serialization_method: state_dict\n", "", other("flavor.serialization_method is '', not state_dict")},
      {model, "model_file: model\n", "", spec("it has no model_file")},
      {model, "model_file: model", "model_file: [model]", spec("model_file is not a text")},
      {model, "model_file: model", "model_file: weights",
       error("the untrained model lacks its weights file 'weights'", "Copy the whole model directory again.")},
      {model, "model_file: model", "model_file: /etc/passwd",
       error("the untrained model has a broken weights file: an absolute path", kCopy)},
      {model, "model_file: model", "model_file: model_spec.yaml",
       error("the untrained model has a broken weights file: it is not a zip archive", kCopy)},
      {model, "class: ResNet", "class: VGG",
       error("the untrained model is of the class " + module + "resnet.VGG, which is not known here",
             "Known classes: " + module + "densenet.DenseNet, " + module + "resnet.ResNet.")},
      {model, "  class: ResNet\n", "", spec("it has no flavor_extras.class")},
      {model, "model_name: resnet18", "model_name: resnet19",
       error("unknown model name 'resnet19'",
             "Did you mean resnet18? Known names: resnet18, resnet34, resnet50, resnet101, resnet152, resnext50_32x4d, "
             "resnext101_32x8d, wide_resnet50_2, wide_resnet101_2.")},
      {model, "pretrained: false", "pretrained: maybe", spec("flavor_extras.init_params.pretrained is neither true nor false")},
      {model, "    zero_init_residual: false\n", "    zero: 1\n", spec("flavor_extras.init_params has the unknown entry 'zero'")},
      {model, "num_classes: 2", "num_classes: 0",
       spec("flavor_extras.init_params.num_classes is '0', which is not a number of classes")},
      {model, "num_classes: 2", "num_classes: 2.5",
       spec("flavor_extras.init_params.num_classes is '2.5', which is not a number of classes")},
      {model, "task_type: MultiClassification\n", "", spec("it has no task_type")},
      {model, "task_type: MultiClassification", "task_type: Regression",
       spec("task_type is 'Regression', not MultiClassification")},
      {model, "class: ImageNormalizer", "class: Other", spec("the pre_processor 'Other' is not known")},
      {model, "mean:\n" + pixels, "mean:\n      - 0.5\n", spec("pre_processor.init_params.mean is not a list of three numbers")},
      {model, "std:\n" + pixels, "std:\n      - 0.0\n      - 0.5\n      - 0.5\n", spec("std holds a number that is not above 0")},
      {model, "std:\n" + pixels, "std:\n      - nan\n      - 0.5\n      - 0.5\n",
       spec("pre_processor.init_params.std is not a list of three numbers")},
      {model, "model_file: model", "model_file: &a model", spec("line 4, column 13: anchors are not allowed (&a)")},
  };
  for (const auto& [file, from, to, expected] : cases) {
    INFO(file << ": " << from << " -> " << to);
    const test::TemporaryFolder folder;
    write(folder / "m", resnet18({"a", "b"}), 2);
    replace(folder / "m" / file, from, to);
    CHECK(refusal(folder / "m") == expected);
  }
}

TEST_CASE("model directory: a time that the original could not parse is refused", "[formats]") {
  const test::TemporaryFolder folder;
  write(folder / "m", resnet18({"a", "b"}), 2);
  const auto file = folder / "m/model_spec.yaml";
  const auto whole = text(file);
  const auto begin = whole.find("time_created: "), end = whole.find('\n', begin);
  const auto with = [&](const std::string& time) {
    auto changed = whole;
    runtime::write_file_atomically(file, changed.replace(begin, end - begin, "time_created: '" + time + "'"));
    return refusal(folder / "m");
  };
  for (const std::string time : {"2026-11-23T04:59:33.416494+0000", "2024-02-29T23:59:59.1-05:30", "2026-01-01T00:00:00.0Z"}) {
    CHECK(with(time) == "accepted");
  }
  for (const std::string time :
       {"2026-11-23", "2026-11-23T04:59:33+0000", "2026-02-29T00:00:00.0+0000", "2026-13-01T00:00:00.0+0000",
        "2026-11-23T24:00:00.0+0000", "2026-11-23T04:59:33.4164940+0000", "2026-11-23T04:59:33.1", "soon"}) {
    CHECK(with(time) == error("the untrained model has a broken model_spec.yaml: time_created is '" + time +
                                  "', which is not a time like 2026-01-31T12:00:00.000000+0000",
                              kAgain));
  }
}

TEST_CASE("model directory: a damaged weights file or label map is refused", "[formats]") {
  const test::TemporaryFolder folder;
  write(folder / "m", resnet18({"a", "b"}), 2);
  const auto weights = text(folder / "m/model");
  const auto broken = [](const std::string& reason) {
    return error("the untrained model has a broken weights file: " + reason, kCopy);
  };
  runtime::write_file_atomically(folder / "m/model", weights.substr(0, weights.size() / 2));
  CHECK(refusal(folder / "m") == broken("the zip archive is cut off or followed by other bytes"));
  runtime::write_file_atomically(folder / "m/model", "");
  CHECK(refusal(folder / "m") == broken("it is not a zip archive"));
  fs::remove(folder / "m/model");
  fs::create_directory(folder / "m/model");
  CHECK(refusal(folder / "m") == broken("not a regular file"));

  const auto labels = [](const std::string& reason) {
    return error("the untrained model has a broken label map: " + reason, kCopy);
  };
  runtime::write_file_atomically(folder / "m/index_to_label.csv", ",label\n0,a\n");
  CHECK(refusal(folder / "m") == labels("it has 1 labels for 2 classes"));
  fs::remove(folder / "m/index_to_label.csv");
  CHECK(refusal(folder / "m") == labels("'index_to_label.csv': No such file or directory"));
}

TEST_CASE("model directory: a head for other classes is refused", "[formats]") {
  const test::TemporaryFolder folder;
  write(folder / "m", resnet18({"a", "b"}), 3);
  CHECK(
      refusal(folder / "m") ==
      "error[InvalidModelDirectoryError] train_pytorch_model: the weights of the untrained model do not fit resnet18; entries that "
      "differ: 1\n"
      "  path              DIR\n"
      "  model.fc.weight   expected float32 [2, any], found float32 [3, 2]\n"
      "  hint              The weights file belongs to another network.\n");
}

TEST_CASE("model directory: weights of another network are listed, the first five", "[formats]") {
  const std::vector<float> zeros(100);
  std::string bytes;
  write_state_dict({{"model.a", DType::float32, {2, 3}, zeros.data()},
                    {"model.b", DType::int8, {4}, zeros.data()},
                    {"model.c", DType::float32, {}, zeros.data()},
                    {"model.x", DType::float32, {1}, zeros.data()},
                    {"model.y", DType::float32, {1}, zeros.data()},
                    {"model.same", DType::float32, {5}, zeros.data()}},
                   [&](const void* data, std::size_t size) { bytes.append(static_cast<const char*>(data), size); });
  const auto file = StateDictFile::parse(bytes);
  const std::vector<TensorEntry> expected = {{"model.same", DType::float32, {5}},
                                             {"model.gone", DType::int64, {}},
                                             {"model.c", DType::float32, {1}},
                                             {"model.b", DType::float32, {4}},
                                             {"model.a", DType::float32, {3, 2}}};
  std::string rendered;
  try {
    check_weights(file, expected, "untrained model", "resnet50");
  } catch (const runtime::Error& error) {
    rendered = error.render("train_pytorch_model");
  }
  CHECK(
      rendered ==
      "error[InvalidModelDirectoryError] train_pytorch_model: the weights of the untrained model do not fit resnet50; entries that "
      "differ: 6\n"
      "  model.gone   expected int64 [], found nothing\n"
      "  model.c      expected float32 [1], found float32 []\n"
      "  model.b      expected float32 [4], found int8 [4]\n"
      "  model.a      expected float32 [3, 2], found float32 [2, 3]\n"
      "  model.x      expected nothing, found float32 [1]\n"
      "  hint         The weights file belongs to another network.\n");
  CHECK_NOTHROW(check_weights(StateDictFile(), {}, "untrained model", "resnet50"));
}

TEST_CASE("model directory: those that the original wrote are opened", "[formats]") {
  const char* golden = std::getenv("TORCHPORT_GOLDEN");
  if (!golden || !*golden) {
    return test::skip("the original's model directories are not here: TORCHPORT_GOLDEN is not set");
  }
  const auto trained = ModelDirectory::open(fs::path(golden) / "trained_resnet18", "trained model");
  CHECK(trained.spec().labels == std::vector<std::string>{"circle", "square", "triangle"});
  CHECK(trained.weights().entries().size() == 122);
  CHECK(trained.spec().std_dev == std::array{0.5, 0.5, 0.5});
  auto spec_file = text(trained.root() / "model_spec.yaml");
  const auto again = read_model_spec(spec_file, {"model", trained.root()});
  using namespace std::chrono;
  CHECK(model_spec_yaml(again, sys_days(2026y / November / 23) + 4h + 59min + 48s + 591873us) == spec_file);
  const auto untrained = ModelDirectory::open(fs::path(golden) / "untrained_densenet121", "untrained model");
  CHECK(untrained.spec().component->name == "densenet");
  CHECK(untrained.weights().entries().size() == 727);
}
