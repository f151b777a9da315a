#include "models/nn/dense_features.h"

#include <ATen/ops/cat.h>

#include "models/nn/cpu/cpu_dense_buffer.h"
#include "models/nn/cpu/fused_norm.h"
#include "models/nn/device/device_dense_buffer.h"
#include "models/nn/device/device_norm.h"
#include "models/nn/norm_activation.h"
#include "models/nn/sync_norm.h"

namespace torchport::models {
namespace {

std::unique_ptr<DenseBuffer> buffer_for(const at::Tensor& x, std::int64_t channels) {
  if (UnfusedScope::active() || SyncNormScope::current()) return nullptr;
  if (has_fusible_layout(x)) return std::make_unique<CpuDenseBuffer>(x, channels);
  if (has_device_layout(x)) return std::make_unique<DeviceDenseBuffer>(x, channels);
  return nullptr;
}

}  // namespace

DenseFeatures::DenseFeatures(const at::Tensor& x, std::int64_t channels, bool one_buffer)
    : buffer_(one_buffer ? buffer_for(x, channels) : nullptr) {
  append(x);
}

void DenseFeatures::append(const at::Tensor& features) {
  if (buffer_) {
    buffer_->append(features);
  } else {
    list_.push_back(features);
  }
}

at::Tensor DenseFeatures::norm_relu(torch::nn::BatchNorm2d& norm) {
  if (buffer_) return buffer_->norm_relu(norm);
  return models::norm_relu(norm, list_.size() == 1 ? list_.front() : at::cat(list_, 1));
}

}  // namespace torchport::models
