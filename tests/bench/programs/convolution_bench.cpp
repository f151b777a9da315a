// Times 3 x 3 convolutions, by Winograd's minimal filtering and direct: milliseconds forward, and backward for input and weights.
//   convolution_bench [THREADS]
// Prints a row for each layer of some networks, and whether a network would use Winograd for it.
#include <torch/torch.h>

#include <array>
#include <cstdio>

#include "component/worker/memory.h"
#include "models/nn/convolution.h"
#include "models/nn/cpu/winograd.h"
#include "tests/bench/programs/clocks.h"

using namespace torchport;

namespace {

constexpr std::size_t kRuns = 9;

struct Layer {
  std::int64_t batch, in, out, size;
};
constexpr std::array kLayers = {Layer{16, 64, 64, 56},  Layer{16, 128, 128, 28}, Layer{16, 256, 256, 14}, Layer{16, 512, 512, 7},
                                Layer{64, 512, 512, 7}, Layer{16, 128, 32, 56},  Layer{16, 128, 32, 28},  Layer{16, 128, 32, 14},
                                Layer{16, 128, 32, 7},  Layer{2, 256, 256, 14},  Layer{1, 512, 512, 7}};

template <class Function>
double median_ms(Function&& run) {
  run();
  std::vector<double> seconds(kRuns);
  for (double& one : seconds) one = bench::seconds_of(run);
  return 1e3 * bench::median(seconds);
}

struct Cost {
  double forward, backward;
};
template <class Convolution>
Cost cost(const at::Tensor& x, const at::Tensor& weight, Convolution&& convolution) {
  const at::Tensor y = convolution(), gradient = at::randn_like(y);
  return {median_ms([&] {
            const at::NoGradGuard values_only;
            convolution();
          }),
          median_ms([&] {
            torch::autograd::grad({y}, {x, weight}, {gradient}, /*retain_graph=*/true);
          })};
}

}  // namespace

int main(int argc, char** argv) try {
  component::keep_freed_memory();
  at::set_num_threads(argc > 1 ? std::stoi(argv[1]) : 2);
  std::printf("%28s %9s | %21s | %21s\n", "", "", "forward, ms", "backward, ms");
  std::printf("%28s %9s | %10s %10s | %10s %10s\n", "layer", "used", "Winograd", "direct", "Winograd", "direct");
  for (const Layer& layer : kLayers) {
    auto module = models::convolution(models::Drawn::all, layer.in, layer.out, 3);
    module->weight.set_data(module->weight.contiguous(at::MemoryFormat::ChannelsLast));
    const at::Tensor x = at::randn({layer.batch, layer.in, layer.size, layer.size}).contiguous(at::MemoryFormat::ChannelsLast);
    x.set_requires_grad(true);
    const Cost winograd = cost(x, module->weight, [&] { return models::winograd_convolution(module, x); });
    const Cost direct = cost(x, module->weight, [&] { return module->forward(x); });
    const std::string name = std::to_string(layer.batch) + " x " + std::to_string(layer.in) + " -> " + std::to_string(layer.out) +
                             ", " + std::to_string(layer.size) + " x " + std::to_string(layer.size);
    std::printf("%28s %9s | %10.2f %10.2f | %10.2f %10.2f\n", name.c_str(), models::can_use_winograd(module, x) ? "yes" : "no",
                winograd.forward, direct.forward, winograd.backward, direct.backward);
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
