#include "component/training/network_input.h"

#include <algorithm>
#include <numeric>

namespace torchport::component {

NetworkInput::NetworkInput(const datasets::Normalisation& normalisation, bool channels_last, Precision precision,
                           const Device& device)
    : channels_last_(channels_last),
      type_(precision == Precision::bfloat16 ? at::kBFloat16 : at::kFloat),
      device_(device),
      normaliser_(normalisation, device.where()) {}

at::Tensor NetworkInput::operator()(const at::Tensor& images, bool float32) const {
  return normaliser_(device_.bring(images), float32 ? at::kFloat : type_, channels_last_);
}

void begin_in_order(StagedLoader& loader, std::size_t first, std::size_t count, std::size_t batch_size) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), static_cast<std::uint32_t>(first));
  std::vector<std::size_t> ends;
  for (std::size_t done = 0; done < count;) ends.push_back(done = std::min(done + batch_size, count));
  loader.begin(std::move(order), std::move(ends));
}

}  // namespace torchport::component
