#include "component/training/gradient_buckets.h"

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/grad_mode.h>
#include <torch/csrc/autograd/variable.h>

#include <stdexcept>

#include "datasets/trace.h"

namespace torchport::component {

namespace {

// The first bucket to leave is small, so that the network is busy early; 25 MiB is what DDP found best (Li et al., VLDB 2020).
constexpr std::size_t kFirstBucketBytes = std::size_t{1} << 20;
constexpr std::size_t kBucketBytes = std::size_t{25} << 20;

runtime::DataType data_type(const at::Tensor& tensor) {
  if (tensor.scalar_type() == at::kFloat) return runtime::DataType::float32;
  if (tensor.scalar_type() == at::kDouble) return runtime::DataType::float64;
  throw std::logic_error("GradientBuckets: gradients must be float32 or float64");
}

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

GradientBuckets::GradientBuckets(std::vector<at::Tensor> parameters, runtime::Collective& collective, std::size_t statistics)
    : parameters_(std::move(parameters)), collective_(collective), slots_(parameters_.size()) {
  const auto groups = group_reversed(parameters_);
  const bool alone = collective.size() == 1;
  for (std::size_t b = 0; b < groups.size(); ++b) {
    std::int64_t elements = b + 1 == groups.size() ? static_cast<std::int64_t>(statistics) : 0;
    for (const std::size_t i : groups[b]) elements += alone ? 0 : parameters_[i].numel();
    Bucket bucket;
    bucket.flat = at::zeros({elements}, parameters_.front().options().requires_grad(false));
    bucket.parameters = groups[b].size();
    std::int64_t offset = 0;
    for (const std::size_t i : groups[b]) {
      const at::Tensor& parameter = parameters_[i];
      slots_[i].bucket = b;
      torch::autograd::impl::set_post_acc_grad_hooks(parameter, std::make_unique<ArrivalHook>(*this, i));
      if (alone) continue;
      slots_[i].view = bucket.flat.as_strided(parameter.sizes(), parameter.strides(), offset);
      offset += parameter.numel();
    }
    statistics_ = bucket.flat.narrow(0, offset, elements - offset);
    buckets_.push_back(std::move(bucket));
  }
}

GradientBuckets::~GradientBuckets() {
  for (auto& bucket : buckets_) {
    if (bucket.pending) {
      try {
        bucket.pending->wait();  // the transport still writes to the bucket
      } catch (...) {            // the fault that ends the step is already on its way
      }
    }
  }
  for (auto& parameter : parameters_) {
    torch::autograd::impl::set_post_acc_grad_hooks(parameter, nullptr);
    parameter.mutable_grad().reset();
  }
}

void GradientBuckets::begin() {
  const torch::NoGradGuard no_grad;
  for (auto& slot : slots_) slot.filled = false;
  for (auto& parameter : parameters_) parameter.mutable_grad().reset();
  sending_ = false;
}

void GradientBuckets::send_with(std::span<const double> statistics) {
  const torch::NoGradGuard no_grad;
  for (auto& bucket : buckets_) bucket.missing = bucket.parameters;
  statistics_.zero_();
  for (std::size_t i = 0; i < statistics.size(); ++i) statistics_[static_cast<std::int64_t>(i)].fill_(statistics[i]);
  next_ = 0;
  sending_ = true;
}

// Without a gradient to add to, autograd hands over the tensor that the backward pass made: moving that into the bucket is one pass
// over memory, where zeroing the bucket and adding were two.
void GradientBuckets::arrived(std::size_t parameter) {
  const torch::NoGradGuard no_grad;
  Slot& slot = slots_[parameter];
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

void GradientBuckets::send_ready() {
  for (; next_ < buckets_.size() && buckets_[next_].missing == 0; ++next_) {
    const at::Tensor& flat = buckets_[next_].flat;
    buckets_[next_].pending = collective_.all_reduce_async(flat.data_ptr(), static_cast<std::size_t>(flat.numel()), data_type(flat),
                                                           runtime::Reduction::sum);
  }
}

std::vector<double> GradientBuckets::finish() {
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
  std::vector<double> sums(static_cast<std::size_t>(statistics_.numel()));
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = statistics_[static_cast<std::int64_t>(i)].item<double>();
  return sums;
}

}  // namespace torchport::component
