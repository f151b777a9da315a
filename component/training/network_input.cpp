#include "component/training/network_input.h"

#include <algorithm>
#include <numeric>

#include <ATen/ops/empty.h>

#include "models/nn/device/device_kernels.h"

namespace torchport::component {
namespace {

// What the normaliser gives, with a kernel of our own.
at::Tensor normalised_on_device(const at::Tensor& images, const at::Tensor& values, at::ScalarType type, bool channels_last) {
  const auto format = channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  const at::Tensor result = at::empty(images.sizes(), images.options().dtype(type).memory_format(format));
  models::check_started(models::device_kernels()->bytes({.data = images.const_data_ptr<std::uint8_t>(),
                                                         .images = images.size(0),
                                                         .area = images.size(2) * images.size(3),
                                                         .values = values.const_data_ptr<float>(),
                                                         .type = models::device_type_of(type),
                                                         .channels_last = channels_last,
                                                         .result = result.mutable_data_ptr()},
                                                        models::stream_of(result)));
  return result;
}

}  // namespace

NetworkInput::NetworkInput(const datasets::Normalisation& normalisation, bool channels_last, Precision precision,
                           const Device& device)
    : channels_last_(channels_last),
      type_(precision == Precision::bfloat16 ? at::kBFloat16 : at::kFloat),
      device_(device),
      normaliser_(normalisation, device.where()) {}

at::Tensor NetworkInput::operator()(const at::Tensor& images, bool float32) const {
  const at::Tensor there = device_.bring(images);
  const at::ScalarType type = float32 ? at::kFloat : type_;
  // The kernel numbers pixels in their order, and reads packs.
  if (models::device_kernels() && there.is_cuda() && there.permute({0, 2, 3, 1}).is_contiguous() &&
      reinterpret_cast<std::uintptr_t>(there.const_data_ptr()) % 16 == 0)
    return normalised_on_device(there, normaliser_.values(), type, channels_last_);
  return normaliser_(there, type, channels_last_);
}

void begin_in_order(StagedLoader& loader, std::size_t first, std::size_t count, std::size_t batch_size) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), static_cast<std::uint32_t>(first));
  std::vector<std::size_t> ends;
  for (std::size_t done = 0; done < count;) ends.push_back(done = std::min(done + batch_size, count));
  loader.begin(std::move(order), std::move(ends));
}

}  // namespace torchport::component
