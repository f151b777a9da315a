#include "component/training/gradient_buckets.h"

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/grad_mode.h>
#include <torch/csrc/autograd/variable.h>

#include <cmath>
#include <limits>

#include "datasets/trace.h"

namespace torchport::component {

namespace {

// The first bucket to leave is small, so that the network is busy early; 25 MiB is what DDP found best (Li et al., VLDB 2020).
constexpr std::size_t kFirstBucketBytes = std::size_t{1} << 20;
constexpr std::size_t kBucketBytes = std::size_t{25} << 20;

// Gradients arrive in about the reverse order of the parameters, so buckets are filled in that order.
std::vector<std::vector<std::size_t>> group_reversed(const std::vector<at::Tensor>& parameters) {
  std::vector<std::vector<std::size_t>> groups(1);
  std::size_t bytes = 0;
  for (std::size_t i = parameters.size(); i-- > 0;) {
    const std::size_t limit = groups.size() == 1 ? kFirstBucketBytes : kBucketBytes;
    if (bytes >= limit) {
      groups.emplace_back();
      bytes = 0;
    }
    groups.back().push_back(i);
    bytes += parameters[i].nbytes();
  }
  return groups;
}

}  // namespace

struct ArrivalHook : torch::autograd::PostAccumulateGradHook {
  ArrivalHook(GradientBuckets& buckets, std::size_t parameter) : buckets_(buckets), parameter_(parameter) {}
  void operator()(const torch::autograd::Variable&) override { buckets_.arrived(parameter_); }

 private:
  GradientBuckets& buckets_;
  std::size_t parameter_;
};

GradientBuckets::GradientBuckets(std::vector<at::Tensor> parameters, Reducer& reducer, std::size_t statistics, bool kept)
    : parameters_(std::move(parameters)), reducer_(reducer), slots_(parameters_.size()) {
  const auto groups = group_reversed(parameters_);
  const bool in_buckets = kept || reducer.size() > 1;
  for (std::size_t b = 0; b < groups.size(); ++b) {
    std::int64_t elements = b + 1 == groups.size() ? static_cast<std::int64_t>(statistics) : 0;
    for (const std::size_t i : groups[b]) elements += in_buckets ? parameters_[i].numel() : 0;
    Bucket bucket;
    bucket.flat = at::zeros({elements}, parameters_.front().options().requires_grad(false));
    bucket.parameters = groups[b].size();
    std::int64_t offset = 0;
    for (const std::size_t i : groups[b]) {
      const at::Tensor& parameter = parameters_[i];
      slots_[i].bucket = b;
      torch::autograd::impl::set_post_acc_grad_hooks(parameter, std::make_unique<ArrivalHook>(*this, i));
      if (!in_buckets) continue;
      slots_[i].view = bucket.flat.as_strided(parameter.sizes(), parameter.strides(), offset);
      offset += parameter.numel();
    }
    statistics_ = bucket.flat.narrow(0, offset, elements - offset);
    buckets_.push_back(std::move(bucket));
  }
}

GradientBuckets::~GradientBuckets() {
  for (auto& parameter : parameters_) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
    parameter.mutable_grad().reset();
  }
}

void GradientBuckets::begin() {
  const torch::NoGradGuard no_grad;
  for (auto& slot : slots_) slot.filled = false;
  for (auto& parameter : parameters_) parameter.mutable_grad().reset();
  statistics_.zero_();
  next_ = 0;
  sending_ = false;
}

void GradientBuckets::send_next() {
  for (auto& bucket : buckets_) bucket.missing = bucket.parameters;
  next_ = 0;
  sending_ = true;
}

// Without a gradient to add to, autograd hands over the tensor that the backward pass made: moving that into the bucket is one pass
// over memory, where zeroing the bucket and adding were two.
void GradientBuckets::arrived(std::size_t parameter) {
  const torch::NoGradGuard no_grad;
  Slot& slot = slots_[parameter];
  if (sending_) look_at(parameters_[parameter].grad());
  if (slot.view.defined() && !slot.filled) {
    slot.view.copy_(parameters_[parameter].grad());
    parameters_[parameter].mutable_grad() = slot.view;
  }
  slot.filled = true;
  const std::lock_guard lock(mutex_);
  if (!sending_) return;
  --buckets_[slot.bucket].missing;
  send_ready();
}

// Before its bucket can leave, and so before the last one does. A sum that overflows is as bad as a gradient that is infinite.
void GradientBuckets::look_at(const at::Tensor& gradient) {
  if (!gradient.device().is_cpu() || std::isfinite(gradient.sum().item<double>())) return;
  statistics_[kNotFinite].fill_(std::numeric_limits<double>::quiet_NaN());
}

void GradientBuckets::send_ready() {
  for (; next_ < buckets_.size() && buckets_[next_].missing == 0; ++next_) {
    buckets_[next_].pending = reducer_.sum(buckets_[next_].flat);
  }
}

const at::Tensor& GradientBuckets::finish() {
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].filled) continue;
    parameters_[i].mutable_grad() = slots_[i].view.defined() ? slots_[i].view.zero_() : at::zeros_like(parameters_[i]);
  }
  const datasets::Span span("wait for all-reduce");
  {
    const std::lock_guard lock(mutex_);
    for (auto& bucket : buckets_) bucket.missing = 0;
    send_ready();
  }
  for (auto& bucket : buckets_) {
    const auto pending = std::move(bucket.pending);
    pending->wait();
  }
  return statistics_;
}

std::vector<at::Tensor> GradientBuckets::flats() const {
  std::vector<at::Tensor> flats;
  for (const auto& bucket : buckets_) flats.push_back(bucket.flat);
  return flats;
}

}  // namespace torchport::component
