// The bytes that the operations of a training step read and write, each its inputs and outputs once, as the stand-in for a GPU counts them,
// for tests/bench/gpu_scaling.py: `step_bytes VARIANT [SIZE]`. bfloat16, images of SIZE x SIZE (224). Prints JSON: for both ways to compute
// the layers, the bytes for each image of a batch and those for each step besides.
#include <torch/torch.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "models/nn/device/device_kernels.h"
#include "tests/gpu/modes.h"
#include "tests/gpu/training.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/fake_cuda_kernels.h"

using namespace torchport;

namespace {

/// Of one update, the second: libraries and counters have come to rest.
std::int64_t bytes_of_update(const std::string& variant, std::int64_t batch, int size) {
  const component::Device device(c10::Device(c10::kCUDA, 0));
  test::SyntheticTraining training({variant, component::Precision::bfloat16, batch, size}, device);
  training.update();
  test::fake_cuda::reset();
  training.update();
  return test::fake_cuda::counts().bytes;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string variant = argc > 1 ? argv[1] : throw std::invalid_argument("which network?");
  const int size = argc > 2 ? std::stoi(argv[2]) : 224;
  constexpr std::int64_t kFew = 2, kMore = 4;
  models::use_device_kernels(&test::fake_cuda::kernels());
  nlohmann::ordered_json found;
  for (const char* const mode : {"eager", "fused"}) {
    const test::ModeScope scope(mode);
    const std::int64_t few = bytes_of_update(variant, kFew, size), more = bytes_of_update(variant, kMore, size);
    const std::int64_t image = (more - few) / (kMore - kFew);
    found[mode] = {{"image_bytes", image}, {"step_bytes", few - kFew * image}};
  }
  std::cout << found.dump() << "\n";
  return 0;
} catch (const std::exception& error) {
  std::cerr << "step_bytes: " << error.what() << "\n";
  return 1;
}
