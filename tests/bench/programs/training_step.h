// A training step as the trainer makes it, on images that are there or on those of a loader.
#pragma once
#include <torch/torch.h>

#include <array>
#include <memory>
#include <optional>

#include "component/training/gradient_buckets.h"
#include "component/training/recipe/optimizer.h"
#include "datasets/loading/loader.h"
#include "datasets/sampler.h"
#include "models/nn/autocast.h"
#include "models/nn/classifier.h"
#include "runtime/collective.h"
#include "tests/support/networks.h"

namespace torchport::bench {

constexpr std::int64_t kCategories = 4;  // as the photos of tests/bench/images.py have

class TrainingStep {
 public:
  TrainingStep(const std::string& variant, bool bfloat16)
      : bfloat16_(bfloat16), network_(models::make_classifier(test::model_spec(variant), kCategories, 1)) {
    models::use_channels_last(*network_);
    network_->train();
    buckets_ = std::make_unique<component::GradientBuckets>(network_->parameters(), alone_, 1);
    optimizer_ = std::make_unique<component::Sgd>(network_->parameters());
  }
  void operator()(const at::Tensor& images, const at::Tensor& labels) {
    at::Tensor logits;
    {
      const models::AutocastScope autocast(c10::kCPU, bfloat16_);
      logits = network_->forward(images).to(at::kFloat);
    }
    const at::Tensor loss = at::cross_entropy_loss(logits, labels);
    buckets_->begin();
    buckets_->send_with(std::array<double, 1>{0});
    loss.backward();
    buckets_->finish();
    optimizer_->step(0.001);
  }

 private:
  bool bfloat16_;
  runtime::WorldOfOne alone_;
  models::Classifier network_;
  std::unique_ptr<component::GradientBuckets> buckets_;
  std::unique_ptr<component::Sgd> optimizer_;
};

/// Whole batches of an image directory, one pass after the other.
class Feed {
 public:
  Feed(const std::filesystem::path& folder, datasets::ImageSize size, std::int64_t batch, int threads, bool bfloat16)
      : images_(datasets::ImageDirectory::open(folder, "images")),
        loader_(images_, size, {threads, {1, false, nullptr}}),
        plan_(images_.size(), static_cast<std::size_t>(batch), 0, 1),
        dtype_(bfloat16 ? at::kBFloat16 : at::kFloat) {}

  std::pair<at::Tensor, at::Tensor> next() {
    if (left_ == 0) begin();
    --left_;
    const auto batch = loader_.next();
    return {datasets::normalised(batch->images, {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}}, dtype_, /*channels_last=*/true), batch->labels};
  }

 private:
  void begin() {
    std::vector<std::size_t> ends;
    for (std::size_t k = 0; k < plan_.steps(); ++k) ends.push_back(plan_.slice(k).end);
    left_ = ends.size();
    loader_.begin(datasets::permutation(images_.size(), 1, pass_), ends, pass_);
    ++pass_;
  }

  datasets::ImageDirectory images_;
  datasets::Loader loader_;
  datasets::BatchPlan plan_;
  at::ScalarType dtype_;
  std::int64_t pass_ = 0;
  std::size_t left_ = 0;
};

}  // namespace torchport::bench
