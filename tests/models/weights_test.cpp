// Weights between networks and model directories: what is kept, what is drawn again, what is refused.
#include <torch/torch.h>

#include "models/nn/load_weights.h"
#include "models/nn/state_dict.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/output_directory.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;
namespace fs = std::filesystem;

namespace {

const std::vector<std::string> kLabels = {"circle", "square", "triangle"};

models::ModelSpec resnet18() {
  const auto& component = runtime::Specs::get().component("resnet");
  models::ModelSpec spec;
  spec.component = &component;
  spec.variant = component.variant("resnet18");
  return spec;
}

void write(const fs::path& folder, const models::ClassifierModule& network, const std::vector<std::string>& labels) {
  auto spec = resnet18();
  if (!labels.empty()) {
    spec.num_classes = static_cast<std::int64_t>(labels.size());
    spec.labels = labels;
    spec.mean = spec.std_dev = {0.5, 0.5, 0.5};
  }
  std::vector<at::Tensor> keep;
  runtime::OutputDirectory output(folder);
  models::write_model_directory(output, spec, models::weight_views(network, keep), "{}", "[]");
}

void replace_file(const fs::path& path, const std::string& text) {
  fs::remove(path);
  runtime::write_file_atomically(path, text);
}

void replace_weights(const fs::path& folder, const std::vector<models::TensorView>& weights) {
  std::string bytes;
  models::write_state_dict(weights,
                           [&](const void* data, std::size_t size) { bytes.append(static_cast<const char*>(data), size); });
  replace_file(folder / "model", bytes);
}

/// The keys in which two networks of equal structure differ.
std::vector<std::string> differences(const models::ClassifierModule& a, const models::ClassifierModule& b) {
  const auto left = models::state_dict(a), right = models::state_dict(b);
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (!at::equal(left[i].second, right[i].second)) keys.push_back(left[i].first);
  }
  return keys;
}

/// Weights with which no logit is zero or equal to another, in evaluation mode.
models::Classifier random_network(std::int64_t classes, std::int64_t seed) {
  auto network = models::make_classifier(resnet18(), classes, seed);
  at::NoGradGuard values_only;
  for (auto& buffer : network->buffers()) {
    if (buffer.is_floating_point()) buffer.uniform_(0.5, 1.5);
  }
  network->eval();
  return network;
}

std::string refusal(models::ClassifierModule& network, const fs::path& folder) {
  try {
    models::load_weights(network, models::ModelDirectory::open(folder, "untrained model"), kLabels);
  } catch (const runtime::Error& error) {
    return error.render("train");
  }
  return "not refused";
}

}  // namespace

TEST_CASE("load_weights: an untrained directory gives all but the head, which stays as the seed drew it", "[weights]") {
  const test::TemporaryFolder folder;
  const auto source = random_network(models::kImageNetClasses, 1);
  write(folder / "m", *source, {});
  auto network = models::make_classifier(resnet18(), 3, 2);
  const auto fresh = models::make_classifier(resnet18(), 3, 2);
  const auto directory = models::ModelDirectory::open(folder / "m", "untrained model");
  CHECK(models::load_weights(*network, directory, kLabels).head == models::Head::remade);
  const auto loaded = models::state_dict(*network), wanted = models::state_dict(*source), drawn = models::state_dict(*fresh);
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    INFO(loaded[i].first);
    CHECK(at::equal(loaded[i].second, (loaded[i].first.starts_with("fc.") ? drawn : wanted)[i].second));
  }
}

TEST_CASE("load_weights: the head is kept exactly if the labels are the data's, in names and order", "[weights]") {
  const test::TemporaryFolder folder;
  const auto source = random_network(3, 1);
  write(folder / "m", *source, kLabels);
  const auto directory = models::ModelDirectory::open(folder / "m", "untrained model");
  auto network = models::make_classifier(resnet18(), 3, 2);
  SECTION("equal labels") {
    CHECK(models::load_weights(*network, directory, kLabels).head == models::Head::kept);
    CHECK(differences(*network, *source).empty());
  }
  SECTION("another order") {
    CHECK(models::load_weights(*network, directory, {"square", "circle", "triangle"}).head == models::Head::remade);
    CHECK(differences(*network, *source) == std::vector<std::string>{"fc.weight", "fc.bias"});
  }
  SECTION("another number of classes") {
    network = models::make_classifier(resnet18(), 2, 2);
    CHECK(models::load_weights(*network, directory, {"circle", "square"}).head == models::Head::remade);
  }
}

TEST_CASE("load_weights: a second linear layer on ImageNet's logits is folded into the head", "[weights]") {
  const test::TemporaryFolder folder;
  torch::manual_seed(5);
  const auto source = random_network(models::kImageNetClasses, 1);
  const auto weight = torch::randn({3, 1000}), bias = torch::randn({3});
  write(folder / "m", *random_network(3, 1), kLabels);
  std::vector<at::Tensor> keep;
  auto views = models::weight_views(*source, keep);
  views.push_back({"out_linear_model.weight", models::DType::float32, {3, 1000}, weight.const_data_ptr()});
  views.push_back({"out_linear_model.bias", models::DType::float32, {3}, bias.const_data_ptr()});
  replace_weights(folder / "m", views);
  std::string spec = runtime::read_file(folder / "m" / "model_spec.yaml", 1 << 30);
  const std::string flag = "pretrained: false";
  REQUIRE(spec.find(flag) != std::string::npos);
  replace_file(folder / "m" / "model_spec.yaml", spec.replace(spec.find(flag), flag.size(), "pretrained: true"));

  auto network = models::make_classifier(resnet18(), 3, 2);
  const auto directory = models::ModelDirectory::open(folder / "m", "untrained model");
  CHECK(models::load_weights(*network, directory, kLabels).head == models::Head::kept);
  at::NoGradGuard values_only;
  network->eval();
  const auto images = torch::randn({4, 3, 64, 64});
  const auto expected = at::linear(source->forward(images), weight, bias), logits = network->forward(images);
  CHECK((logits - expected).abs().max().item<float>() <= 1e-5F * expected.abs().max().item<float>());
}

TEST_CASE("load_weights: a value that is not finite is refused, in the head too", "[weights]") {
  const test::TemporaryFolder folder;
  const std::string key = GENERATE("layer2.0.bn1.running_var", "fc.bias");
  auto source = models::make_classifier(resnet18(), models::kImageNetClasses, 1);
  for (auto& [name, tensor] : models::state_dict(*source)) {
    if (name == key) tensor.detach()[1] = key == "fc.bias" ? std::numeric_limits<float>::infinity() : std::nanf("");
  }
  write(folder / "m", *source, {});
  auto network = models::make_classifier(resnet18(), 3, 2);
  CHECK(refusal(*network, folder / "m") ==
        "error[InvalidModelDirectoryError] train: the weights of the untrained model hold values that are not finite, first in "
        "'model." +
            key + "'\n  path   " + (folder / "m").string() +
            "\n  hint   The training that made them had diverged; use another model.\n");
}

TEST_CASE("load_weights: the weights of another network are refused", "[weights]") {
  const test::TemporaryFolder folder;
  const auto source = models::make_classifier(resnet18(), models::kImageNetClasses, 1);
  write(folder / "m", *source, {});
  std::vector<at::Tensor> keep;
  auto views = models::weight_views(*source, keep);
  views[0].shape = {32, 6, 7, 7};
  views.erase(views.begin() + 3);
  replace_weights(folder / "m", views);
  auto network = models::make_classifier(resnet18(), 3, 2);
  const auto fresh = models::make_classifier(resnet18(), 3, 2);
  CHECK(refusal(*network, folder / "m") ==
        "error[InvalidModelDirectoryError] train: the weights of the untrained model do not fit resnet18; entries that differ: 2\n"
        "  model.conv1.weight       expected float32 [64, 3, 7, 7], found float32 [32, 6, 7, 7]\n"
        "  model.bn1.running_mean   expected float32 [64], found nothing\n"
        "  hint                     The weights file belongs to another network.\n");
  CHECK(differences(*network, *fresh).empty());
}

TEST_CASE("load_weights: the original's directories load", "[weights]") {
  if (!std::getenv("TORCHPORT_GOLDEN")) {
    return test::skip("trained_resnet18 and untrained_densenet121 are not here: TORCHPORT_GOLDEN is not set");
  }
  const fs::path golden = test::from_environment("TORCHPORT_GOLDEN");
  for (const auto& [name, head] :
       {std::pair{"trained_resnet18", models::Head::kept}, {"untrained_densenet121", models::Head::remade}}) {
    const auto directory = models::ModelDirectory::open(golden / name, "untrained model");
    auto network = models::make_classifier(directory.spec(), 3, 1);
    CHECK(models::load_weights(*network, directory, kLabels).head == head);
  }
}
