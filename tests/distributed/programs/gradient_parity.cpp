// With frozen batch-norm statistics, the gradients that the buckets sum over ranks must equal those of one process on the whole
// batch, each rank's share in one backward pass or accumulated over several. usage (under mpirun or alone): gradient_parity
// COMPONENT MODEL IMAGE_SIZE BATCHES. Prints the largest difference; exit 1 above 1e-12.
#include <cstdio>
#include <cstdlib>

#include "component/collectives/mpi.h"
#include "component/training/gradient_buckets.h"
#include "datasets/sampler.h"
#include "models/nn/classifier.h"
#include "runtime/launch/launched_as.h"

using namespace torchport;

namespace {

constexpr std::int64_t kImages = 8, kClasses = 5;

struct Problem {
  models::Classifier network;
  at::Tensor images, labels;
};

Problem make_problem(const char* component, const char* model, std::int64_t size) {
  models::ModelSpec spec;
  spec.component = &runtime::Specs::get().component(component);
  spec.variant = spec.component->variant(model);
  auto network = models::make_classifier(spec, kClasses, 3);
  network->to(at::kDouble);
  network->eval();  // frozen statistics: batch norm is then the same function on every rank
  torch::manual_seed(5);
  return {network, torch::randn({kImages, 3, size, size}, at::kDouble), torch::randint(0, kClasses, {kImages}, at::kLong)};
}

at::Tensor mean_loss(const Problem& problem, const datasets::Slice& slice) {
  const auto begin = static_cast<std::int64_t>(slice.begin), n = static_cast<std::int64_t>(slice.size());
  const auto logits = problem.network->forward(problem.images.narrow(0, begin, n));
  return at::cross_entropy_loss(logits, problem.labels.narrow(0, begin, n), {}, at::Reduction::Sum) / kImages;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const int batches = std::atoi(argv[4]);
  at::set_num_threads(1);
  const auto launched = runtime::launched_as();
  const auto world = component::join_world(launched, {.call = 60});
  const Problem problem = make_problem(argv[1], argv[2], std::atoll(argv[3]));

  mean_loss(problem, {0, kImages, kImages}).backward();
  std::vector<at::Tensor> wanted;
  for (const auto& parameter : problem.network->parameters()) wanted.push_back(parameter.grad().clone());

  double largest = 0, seen = 0;
  {
    const auto reducer = component::make_reducer(*world);
    component::GradientBuckets buckets(problem.network->parameters(), *reducer, 1);
    for (int step = 0; step < 2; ++step) {  // twice: the second step must not see the first one's gradients
      buckets.begin();
      const auto mine = datasets::share(0, kImages, world->rank(), world->size());
      for (int batch = 0; batch < batches; ++batch) {
        const auto loss = mean_loss(problem, datasets::share(mine.begin, mine.size(), batch, batches));
        if (batch + 1 == batches) {
          buckets.statistics().fill_(1);
          buckets.send_next();
        }
        loss.backward();
      }
      seen = buckets.finish()[0].item<double>();
    }
    const auto parameters = problem.network->parameters();
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      largest = std::max(largest, (parameters[i].grad() - wanted[i]).abs().max().item<double>());
    }
    std::printf("rank %d of %d: %zu buckets, largest difference %.3g, statistics %.0f\n", world->rank(), world->size(),
                buckets.size(), largest, seen);
  }
  return largest <= 1e-12 && seen == world->size() ? 0 : 1;
}
