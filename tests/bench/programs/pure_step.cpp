// The trainer's step without its loader: one batch that is there, again and again. Run by tests/bench/compare.py.
//   pure_step MODEL-DIRECTORY BATCH float32|bfloat16 THREADS ROUNDS
// Prints the images a second of the median of ROUNDS steps, of BATCH images of 224 x 224 and four categories.
#include <malloc.h>
#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "component/training/gradient_buckets.h"
#include "component/training/optimizer.h"
#include "component/training/trainer.h"
#include "models/nn/autocast.h"

using namespace torchport;

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kStatistics = 4;

/// As Trainer::step, on one rank.
void step(models::ClassifierModule& network, const at::Tensor& images, const at::Tensor& labels, bool bfloat16,
          component::GradientBuckets& buckets, component::Sgd& optimizer) {
  at::Tensor logits;
  {
    const models::AutocastScope autocast(bfloat16);
    logits = network.forward(images).to(at::kFloat);
  }
  const at::Tensor sum = at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum);
  const double correct = logits.detach().argmax(1).eq(labels).sum().item<double>();
  buckets.begin(std::array<double, kStatistics>{sum.item<double>(), correct, 0, 0});
  (sum / static_cast<double>(images.size(0))).backward();
  buckets.finish();
  optimizer.step(/*learning_rate=*/0.001);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) return 2;
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // as component/main.cpp
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_TOP_PAD, 64 << 20);
  const std::int64_t batch = std::stoll(argv[2]);
  const bool bfloat16 = argv[3] == std::string_view("bfloat16");
  at::set_num_threads(std::stoi(argv[4]));
  const auto directory = models::ModelDirectory::open(argv[1], "untrained model");
  const auto network = models::load_network(directory, {"a", "b", "c", "d"}, /*seed=*/1).network;
  models::use_channels_last(*network);
  network->train();
  const at::Tensor images = at::randn({batch, 3, 224, 224}).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor labels = at::arange(batch, at::kLong).remainder(4);
  runtime::WorldOfOne world;
  component::GradientBuckets buckets(component::trainable_parameters(*network), world, kStatistics);
  component::Sgd optimizer(component::trainable_parameters(*network));
  step(*network, images, labels, bfloat16, buckets, optimizer);  // warms up
  std::vector<double> seconds(std::stoul(argv[5]));
  for (double& one : seconds) {
    const auto start = Clock::now();
    step(*network, images, labels, bfloat16, buckets, optimizer);
    one = std::chrono::duration<double>(Clock::now() - start).count();
  }
  const auto middle = seconds.begin() + static_cast<std::ptrdiff_t>(seconds.size() / 2);
  std::nth_element(seconds.begin(), middle, seconds.end());
  std::printf("%.3f\n", static_cast<double>(batch) / *middle);
}
