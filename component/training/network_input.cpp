#include "component/training/network_input.h"

#include <ATen/ops/arange.h>

#include <algorithm>
#include <numeric>

namespace torchport::component {
namespace {

constexpr std::int64_t kBytes = 256;  // values that a byte has

// Of the host's own function, so that a device computes with the same numbers, bit for bit.
at::Tensor value_table(const datasets::Normalisation& normalisation) {
  const at::Tensor bytes = at::arange(kBytes, at::kByte).view({1, 1, 1, kBytes}).expand({1, 3, 1, kBytes});
  return datasets::normalised(bytes.contiguous(at::MemoryFormat::ChannelsLast), normalisation, at::kFloat, /*channels_last=*/false)
      .flatten();
}

}  // namespace

NetworkInput::NetworkInput(const datasets::Normalisation& normalisation, bool channels_last, Precision precision,
                           const Device& device)
    : normalisation_(normalisation),
      channels_last_(channels_last),
      type_(precision == Precision::bfloat16 ? at::kBFloat16 : at::kFloat),
      device_(device) {
  if (device.is_host()) return;
  const at::Tensor table = value_table(normalisation);
  table_ = device.bring(device.host_empty(table.sizes(), at::kFloat).copy_(table));
  channels_ = at::arange(3, table_.options().dtype(at::kInt)) * kBytes;
}

at::Tensor NetworkInput::operator()(const at::Tensor& images, bool float32) const {
  const at::ScalarType type = float32 ? at::kFloat : type_;
  if (device_.is_host()) return datasets::normalised(images, normalisation_, type, channels_last_);
  const at::Tensor places = device_.bring(images).permute({0, 2, 3, 1}).to(at::kInt) + channels_;
  const at::Tensor values = table_.index_select(0, places.flatten()).view(places.sizes()).permute({0, 3, 1, 2});
  return values.to(type).contiguous(channels_last_ ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
}

void begin_in_order(datasets::Loader& loader, std::size_t first, std::size_t count, std::size_t batch_size) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), static_cast<std::uint32_t>(first));
  std::vector<std::size_t> ends;
  for (std::size_t done = 0; done < count;) ends.push_back(done = std::min(done + batch_size, count));
  loader.begin(std::move(order), std::move(ends));
}

}  // namespace torchport::component
