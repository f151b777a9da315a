// What a checkpoint of a network costs: the copy that its training waits for, and the writing beside it; and the hash of its
// weights that ranks compare. Run by tests/bench/overheads.py:
//   checkpoint_parts VARIANT FOLDER
// Prints the CPU seconds of copy, writing and hash, each the median of some. FOLDER must not be there; it is removed.
#include <cstdio>
#include <filesystem>
#include <string>

#include "component/checkpoint/checkpoint_file.h"
#include "component/training/replicas.h"
#include "models/nn/classifier.h"
#include "tests/bench/programs/clocks.h"
#include "tests/support/networks.h"

using namespace torchport;

namespace {

constexpr int kRounds = 5;

/// Two ranks as far as one of them sees: the other has the same of everything.
class Twins : public runtime::WorldOfOne {
 public:
  int size() const override { return 2; }
  std::int64_t least(std::int64_t value) override { return value; }
};

template <class Work>
double cost(Work&& work) {
  std::vector<double> seconds;
  for (int i = 0; i <= kRounds; ++i) {
    const double begun = bench::cpu_seconds();
    work();
    if (i > 0) seconds.push_back(bench::cpu_seconds() - begun);
  }
  return bench::median(seconds);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const models::Classifier network = models::make_classifier(test::model_spec(argv[1]), 1000, 1);
  models::use_channels_last(*network);
  const auto parameters = network->parameters(), buffers = network->buffers();
  std::vector<at::Tensor> momenta;
  for (const at::Tensor& parameter : parameters) momenta.push_back(at::ones_like(parameter));
  component::Checkpoint checkpoint;
  const double copy = cost([&] {  // as Trainer::write
    checkpoint.state = {};
    checkpoint.state.set("network.parameter", parameters);
    checkpoint.state.set("network.buffer", buffers);
    checkpoint.state.set("optimizer.momentum", momenta);
    checkpoint.state.set("best.parameter", parameters);
    checkpoint.state.set("best.buffer", buffers);
  });
  const double writing = cost([&] {
    std::filesystem::remove_all(argv[2]);
    component::write_checkpoint(argv[2], checkpoint, false);
  });
  std::filesystem::remove_all(argv[2]);
  Twins twins;
  const double hash = cost([&] { component::check_replicas(*network, 1, twins); });
  std::printf("%.4f %.4f %.4f\n", copy, writing, hash);
}
