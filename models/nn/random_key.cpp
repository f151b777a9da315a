#include "models/nn/random_key.h"

#include <torch/torch.h>

#include <stdexcept>
#include <utility>

namespace torchport::models {
namespace {

thread_local at::Tensor current_key;

constexpr std::int64_t kGamma = static_cast<std::int64_t>(0x9e3779b97f4a7c15ULL);

/// x >> count without the sign.
at::Tensor shifted(const at::Tensor& x, int count) {
  return at::bitwise_right_shift(x, count).bitwise_and_((std::int64_t{1} << (64 - count)) - 1);
}

/// SplitMix64's step (Steele et al., OOPSLA 2014): spreads counters over all 64 bits. In operations of tensors, so that any device
/// gives the same bits, and products wrap.
at::Tensor spread(at::Tensor x) {
  x = x + kGamma;
  x = at::bitwise_xor(x, shifted(x, 30)).mul_(static_cast<std::int64_t>(0xbf58476d1ce4e5b9ULL));
  x = at::bitwise_xor(x, shifted(x, 27)).mul_(static_cast<std::int64_t>(0x94d049bb133111ebULL));
  return at::bitwise_xor(x, shifted(x, 31));
}

}  // namespace

at::Tensor random_key(std::int64_t seed, std::int64_t epoch, std::int64_t step, std::int64_t rank) {
  at::Tensor key = at::zeros({}, at::kLong);
  for (const std::int64_t part : {seed, epoch, step, rank}) key = spread(key + part);
  return key;
}

RandomKeyScope::RandomKeyScope(at::Tensor key) : outer_(std::exchange(current_key, std::move(key))) {}
RandomKeyScope::~RandomKeyScope() { current_key = std::move(outer_); }
const at::Tensor& RandomKeyScope::current() { return current_key; }

at::Tensor keyed_uniform(at::IntArrayRef shape, std::int64_t place, at::Device device) {
  if (!current_key.defined()) throw std::logic_error("a layer draws, but its thread has no RandomKeyScope");
  const at::NoGradGuard numbers_only;
  const at::Tensor start = spread(current_key + place);  // without dimensions: on the host it is an argument of what follows
  const at::Tensor counters = at::arange(c10::multiply_integers(shape), at::TensorOptions(device).dtype(at::kLong)).mul_(kGamma);
  return shifted(spread(counters + start), 40).to(at::kFloat).mul_(0x1p-24F).reshape(shape);
}

}  // namespace torchport::models
