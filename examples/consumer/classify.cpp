// classify MODEL PHOTO...: opens a trained model once, and says of each photo its category and how probable that is.
#include <torch/torch.h>

#include <iostream>
#include <optional>

#include "component/images/trained_input.h"
#include "datasets/codecs/decode.h"
#include "models/nn/load_weights.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"

namespace {

using namespace torchport;

struct Answer {
  std::string category;
  float probability;
};

class PhotoClassifier {
 public:
  explicit PhotoClassifier(const std::filesystem::path& folder)
      : model_(models::ModelDirectory::open(folder, "trained model")),
        network_(models::load_network(model_, model_.spec().labels, /*seed=*/0).network),
        transformation_(component::inference_transformation(model_)) {
    models::use_channels_last(*network_);
    network_->eval();
  }

  /// Reads the photo as those of the training were read. \throws std::runtime_error where it cannot be used
  Answer operator()(const std::filesystem::path& photo) const {
    datasets::Pixels pixels;
    datasets::decode(runtime::read_file(photo, datasets::kMaxImageFile), pixels);
    if (transformation_) transformation_->apply(pixels, {});
    const auto bytes = torch::from_blob(pixels.rgb.data(), {1, pixels.height, pixels.width, 3}, torch::kByte).permute({0, 3, 1, 2});
    const auto input =
        datasets::normalised(bytes, component::normalisation_of(model_.spec()), torch::kFloat, /*channels_last=*/true);
    const c10::InferenceMode inference;
    const auto [probability, best] = network_->forward(input).softmax(1).max(1);
    return {model_.spec().labels[static_cast<std::size_t>(best.item<std::int64_t>())], probability.item<float>()};
  }

 private:
  const models::ModelDirectory model_;
  const models::Classifier network_;
  const std::optional<datasets::Transformation> transformation_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: classify MODEL PHOTO...\n";
    return 2;
  }
  try {
    const PhotoClassifier classifier(argv[1]);
    for (int i = 2; i < argc; ++i) {
      const auto [category, probability] = classifier(argv[i]);
      std::cout << argv[i] << "\t" << category << "\t" << probability << "\n";
    }
    return 0;
  } catch (const runtime::Error& error) {  // its sentence, what was found, and how to mend it
    std::cerr << error.render("classify");
  } catch (const std::runtime_error& error) {
    std::cerr << "classify: " << error.what() << "\n";
  }
  return 1;
}
