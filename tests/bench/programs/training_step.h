// The trainer's step, on images that are there or on those of a loader.
#pragma once
#include <torch/torch.h>

#include <memory>
#include <utility>

#include "component/collectives/reducer.h"
#include "component/training/device.h"
#include "component/training/network_input.h"
#include "component/training/step.h"
#include "datasets/loading/loader.h"
#include "datasets/sampler.h"
#include "models/nn/classifier.h"
#include "tests/support/networks.h"

namespace torchport::bench {

constexpr std::int64_t kCategories = 4;  // as the photos of tests/bench/images.py have

inline component::Precision precision(bool bfloat16) {
  return bfloat16 ? component::Precision::bfloat16 : component::Precision::float32;
}

class TrainingStep {
 public:
  TrainingStep(const std::string& variant, bool bfloat16)
      : network_(models::make_classifier(test::model_spec(variant), kCategories, 1)) {
    models::use_channels_last(*network_);
    network_->train();
    step_ = std::make_unique<component::TrainingStep>(component::StepOptions{1, 0, true, precision(bfloat16)}, network_, device_,
                                                      alone_, nullptr);
  }
  void operator()(const at::Tensor& images, const at::Tensor& labels) {
    const at::Tensor numbers = at::zeros({component::StepInputs::kNumbers});
    numbers[component::StepInputs::kImages] = labels.size(0);
    step_->begin();
    step_->add({images, labels, numbers, false, {}}, /*last=*/true);
    component::TrainingStep::read(step_->finish(device_.number(0.001), /*warming_up=*/false), 1);
  }

 private:
  component::Device device_;
  component::ReducerOfOne alone_;
  models::Classifier network_;
  std::unique_ptr<component::TrainingStep> step_;
};

/// Whole batches of an image directory, one pass after the other.
class Feed {
 public:
  Feed(const std::filesystem::path& folder, datasets::ImageSize size, std::int64_t batch, int threads, bool bfloat16)
      : images_(datasets::ImageDirectory::open(folder, "images")),
        input_({{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}, /*channels_last=*/true, precision(bfloat16), device_),
        loader_(images_, size, device_.loading({threads, {1, false, nullptr}})),
        plan_(images_.size(), static_cast<std::size_t>(batch), 0, 1) {}

  std::pair<at::Tensor, at::Tensor> next() {
    if (left_ == 0) begin();
    --left_;
    const auto batch = loader_.next();
    return {input_(batch->images), batch->labels};
  }

 private:
  void begin() {
    std::vector<std::size_t> ends;
    for (std::size_t k = 0; k < plan_.steps(); ++k) ends.push_back(plan_.slice(k).end);
    left_ = ends.size();
    loader_.begin(datasets::permutation(images_.size(), 1, pass_), ends, pass_);
    ++pass_;
  }

  component::Device device_;
  datasets::ImageDirectory images_;
  component::NetworkInput input_;
  datasets::Loader loader_;
  datasets::BatchPlan plan_;
  std::int64_t pass_ = 0;
  std::size_t left_ = 0;
};

}  // namespace torchport::bench
