// All networks of all specs: their state dicts beside the original's lists, their sizes, and what a seed decides.
#include <torch/torch.h>

#include <fstream>

#include "models/nn/classifier.h"
#include "models/nn/state_dict.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;

namespace {

models::ModelSpec model_spec(const runtime::ComponentSpec& component, const runtime::Variant& variant) {
  models::ModelSpec spec;
  spec.component = &component;
  spec.variant = &variant;
  return spec;
}

models::ModelSpec model_spec(const std::string& component, const std::string& variant) {
  const auto& found = runtime::Specs::get().component(component);
  return model_spec(found, *found.variant(variant));
}

std::string listing(const models::ClassifierModule& network) {
  std::string text;
  for (const auto& [key, tensor] : models::state_dict(network)) {
    std::string shape;
    for (const std::int64_t size : tensor.sizes()) shape += (shape.empty() ? "" : "x") + std::to_string(size);
    text += "model." + key + "\t" + std::string(models::name(models::dtype_of(tensor))) + "\t" +
            (shape.empty() ? "scalar" : shape) + "\n";
  }
  return text;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::int64_t count_parameters(const models::ClassifierModule& network) {
  std::int64_t count = 0;
  for (const auto& parameter : network.parameters()) count += parameter.numel();
  return count;
}

bool same_weights(const models::ClassifierModule& a, const models::ClassifierModule& b) {
  const auto left = models::state_dict(a), right = models::state_dict(b);
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && at::equal(x.second, y.second); });
}

}  // namespace

TEST_CASE("networks: every variant the original lists has its keys, types and shapes, in its order", "[networks]") {
  int compared = 0;
  for (const auto& component : runtime::Specs::get().components()) {
    for (const auto& variant : component.variants) {
      const auto path = test::original("state_dict_keys") / (variant.name + ".tsv");
      if (!std::filesystem::exists(path)) continue;
      INFO(variant.name);
      CHECK(listing(*models::make_classifier(model_spec(component, variant), 3, 1)) == text_of(path));
      ++compared;
    }
  }
  CHECK(compared == 13);
}

TEST_CASE("networks: every variant has the number of parameters that its spec states", "[networks]") {
  for (const auto& component : runtime::Specs::get().components()) {
    for (const auto& variant : component.variants) {
      INFO(variant.name);
      const auto network = models::make_classifier(model_spec(component, variant), models::kImageNetClasses, 1);
      CHECK(count_parameters(*network) == variant.integer("parameters"));
    }
  }
}

TEST_CASE("networks: a seed decides the weights, and nothing else does", "[networks]") {
  const auto spec = model_spec("resnet", "resnet18");
  const auto first = models::make_classifier(spec, 3, 1);
  torch::rand({5});
  CHECK(same_weights(*first, *models::make_classifier(spec, 3, 1)));
  CHECK_FALSE(same_weights(*first, *models::make_classifier(spec, 3, 2)));
  CHECK(same_weights(*models::make_classifier(spec, 3, -1), *models::make_classifier(spec, 3, -1)));
}

TEST_CASE("networks: flags come from the model, and from the component's defaults where it has none", "[networks]") {
  auto spec = model_spec("resnet", "resnet18");
  const auto zeros = [&] {
    int count = 0;
    for (const auto& [key, tensor] : models::state_dict(*models::make_classifier(spec, 3, 1))) {
      if (key.ends_with("bn2.weight") && !tensor.any().item<bool>()) ++count;
    }
    return count;
  };
  CHECK(zeros() == 0);
  spec.parameters["zero_init_residual"] = true;
  CHECK(zeros() == 8);
}
