// The kernels of a GPU in their host form, beside float64. Whatever they do not write is NaN.
#include <torch/torch.h>

#include <cstddef>

#include "tests/models/tensors.h"
#include "tests/support/catch.h"
#include "tests/support/host_kernels.h"
#include "tests/support/networks.h"

using namespace torchport;
using at::Tensor;
using models_test::channels_last;

namespace {

const models::CudaKernels kKernels = test::host_kernels();

models::gpu::Type type_of(const Tensor& x) {
  return x.scalar_type() == at::kFloat ? models::gpu::Type::float32 : models::gpu::Type::bfloat16;
}
// Of a channels-last tensor, whose pixels may be parts of wider ones.
models::gpu::Map map_of(const Tensor& x) {
  return {type_of(x), x.const_data_ptr(), x.size(0) * x.size(2) * x.size(3), x.stride(3), static_cast<int>(x.size(1))};
}
Tensor unwritten(at::IntArrayRef sizes, at::ScalarType type) {
  return channels_last(at::full(sizes, NAN, at::TensorOptions(type)));
}
Tensor unwritten(std::int64_t count) { return at::full({count}, NAN); }
float* floats(const Tensor& tensor) { return tensor.mutable_data_ptr<float>(); }
void check(const char* failed) { REQUIRE(failed == nullptr); }
double error(const Tensor& found, const Tensor& wanted) { return models_test::error(found, wanted, 1e-3); }
// Of what leaves a kernel, measured against the largest value: bfloat16 keeps 8 bits, of which half a unit is up to 2^-8.
double rounding_of(at::ScalarType type) { return type == at::kBFloat16 ? 4e-3 : 3e-6; }

// Batch norm by the kernels, with all that lies in the device's memory.
struct Norm {
  torch::nn::BatchNorm2d module;
  Tensor x, scratch, mean, variance, inverse_std, scale, shift, slope, offset, of_weight, of_bias;

  Norm(const torch::nn::BatchNorm2d& of, const Tensor& map) : module(of), x(map) {
    for (Tensor* values : {&mean, &variance, &inverse_std, &scale, &shift, &slope, &offset, &of_weight, &of_bias})
      *values = unwritten(x.size(1));
    scratch = unwritten(kKernels.scratch(map_of(x)));
  }
  double count() const { return static_cast<double>(x.numel() / x.size(1)); }
  models::gpu::Norm norm() const {
    return {static_cast<int>(x.size(1)),
            count(),
            floats(mean),
            floats(variance),
            floats(module->weight),
            floats(module->bias),
            module->options.eps(),
            *module->options.momentum(),
            floats(module->running_mean),
            floats(module->running_var),
            floats(inverse_std),
            floats(scale),
            floats(shift)};
  }
  void take_moments(const Tensor& copy = {}) {
    const models::gpu::Norm norm = this->norm();
    check(kKernels.moments({map_of(x), copy.defined() ? copy.mutable_data_ptr() : nullptr, copy.defined() ? copy.stride(3) : 0,
                            floats(scratch), floats(mean), floats(variance)},
                           &norm, nullptr));
  }
  Tensor apply(const Tensor& shortcut, bool relu) const {
    const Tensor y = unwritten(x.sizes(), x.scalar_type());
    check(kKernels.apply({map_of(x), floats(scale), floats(shift), shortcut.defined() ? shortcut.const_data_ptr() : nullptr, relu,
                          y.mutable_data_ptr()},
                         nullptr));
    return y;
  }
  models::gpu::Gradient gradient(const Tensor& incoming, const Tensor& output, bool by_input) const {
    return {map_of(x),
            incoming.const_data_ptr(),
            output.defined() ? output.const_data_ptr() : nullptr,
            by_input,
            nullptr,
            {},
            floats(mean),
            floats(inverse_std),
            floats(scale),
            floats(shift)};
  }
  void sum(const models::gpu::Gradient& gradient, const Tensor& masked) {
    scratch.fill_(NAN);
    check(kKernels.gradient_sums({gradient, count(), masked.defined() ? masked.mutable_data_ptr() : nullptr, floats(scratch),
                                  floats(of_weight), floats(of_bias), floats(slope), floats(offset)},
                                 nullptr));
  }
  void into(const Tensor& result, const models::gpu::Gradient& gradient, bool constants, bool add = false) const {
    check(kKernels.input_gradient({gradient, constants ? nullptr : floats(slope), constants ? nullptr : floats(offset),
                                   result.mutable_data_ptr(), result.stride(3), add},
                                  nullptr));
  }
};

struct Case {
  std::int64_t n, c, h, w;
  double mean;
};

// Where ReLU's input is all but zero a rounding decides whether the gradient passes: none comes from there.
Tensor clear_of_zero(const Tensor& incoming, const Tensor& before_relu) {
  return channels_last(incoming * (before_relu.abs() > 1e-3));
}

}  // namespace

TEST_CASE("device kernels: norm, shortcut and ReLU are float64's, forward and backward, whatever the sizes", "[device_kernels]") {
  torch::manual_seed(1);
  const auto shape =
      GENERATE(Case{4, 64, 14, 14, 0}, Case{2, 256, 7, 7, 30}, Case{3, 8, 5, 5, 30}, Case{1, 2048, 3, 3, 0}, Case{2, 24, 9, 7, 30},
               Case{2, 1000, 4, 1, 0}, Case{9, 512, 2, 2, 0}, Case{5, 296, 1, 3, 0}, Case{2, 16, 150, 151, 30});
  const bool with_shortcut = GENERATE(false, true), relu = GENERATE(true, false);
  if (with_shortcut && !relu) return;
  const auto type = GENERATE(at::kFloat, at::kBFloat16);
  const std::vector<std::int64_t> sizes = {shape.n, shape.c, shape.h, shape.w};
  const auto random = [&] { return channels_last(torch::randn(sizes).to(type)); };
  const Tensor x = channels_last((2 * torch::randn(sizes) + shape.mean * torch::rand({1, shape.c, 1, 1})).to(type)),
               shortcut = with_shortcut ? random() : Tensor();
  auto module = test::random_norm(shape.c);

  const auto double_of = [](const Tensor& tensor) { return tensor.detach().to(at::kDouble).requires_grad_(true); };
  const Tensor xd = double_of(x), weight = double_of(module->weight), bias = double_of(module->bias),
               skip = with_shortcut ? double_of(shortcut) : Tensor(), running_mean = module->running_mean.to(at::kDouble),
               running_var = module->running_var.to(at::kDouble);
  Tensor before = at::batch_norm(xd, weight, bias, running_mean, running_var, true, 0.1, 1e-5, false);
  if (with_shortcut) before = before + skip;
  const Tensor wanted = relu ? before.relu() : before, incoming = clear_of_zero(random(), before.detach());
  wanted.backward(incoming.to(at::kDouble));

  Norm norm(module, x);
  norm.take_moments();
  const Tensor y = norm.apply(shortcut, relu);
  const Tensor masked = with_shortcut ? unwritten(sizes, type) : Tensor(), result = unwritten(sizes, type);
  norm.sum(norm.gradient(incoming, with_shortcut ? y : Tensor(), relu && !with_shortcut), masked);
  norm.into(result, norm.gradient(with_shortcut ? masked : incoming, {}, relu && !with_shortcut), /*constants=*/false);

  INFO(at::IntArrayRef(sizes) << ", " << type << (with_shortcut ? ", shortcut" : "") << (relu ? ", ReLU" : ""));
  CHECK(error(y, wanted) < rounding_of(type));
  CHECK(error(result, xd.grad()) < rounding_of(type));
  if (with_shortcut) CHECK(at::equal(masked, skip.grad().to(type)));
  CHECK(error(norm.of_weight, weight.grad()) < 3e-6);
  CHECK(error(norm.of_bias, bias.grad()) < 3e-6);
  CHECK(error(module->running_mean, running_mean) < 1e-6);
  CHECK(error(module->running_var, running_var) < 1e-6);
  CHECK(error(norm.mean, xd.mean({0, 2, 3})) < 1e-6);
  CHECK(error(norm.variance, xd.var({0, 2, 3}, /*unbiased=*/false)) < 3e-6);

  // In place of what came in, as the nodes do it where nobody else has that.
  const Tensor again = (with_shortcut ? masked : incoming).clone();
  norm.into(again, norm.gradient(again, {}, relu && !with_shortcut), /*constants=*/false);
  CHECK(at::equal(again, result));
}

TEST_CASE("device kernels: a mean of hundreds of standard deviations costs float32's digits and no more", "[device_kernels]") {
  torch::manual_seed(1);
  const Tensor x = channels_last(torch::randn({16, 64, 28, 28}) + 300);
  Norm norm(test::random_norm(64), x);
  norm.take_moments();
  const Tensor xd = x.to(at::kDouble);
  CHECK(error(norm.mean, xd.mean({0, 2, 3})) < 1e-7);
  CHECK(error(norm.variance, xd.var({0, 2, 3}, /*unbiased=*/false)) < 2e-6);
}

TEST_CASE("device kernels: a norm of constants has their gradient and changes nothing", "[device_kernels]") {
  torch::manual_seed(1);
  const Tensor x = channels_last(torch::randn({2, 12, 5, 3})), incoming = channels_last(torch::randn({2, 12, 5, 3}));
  auto module = test::random_norm(12);
  Norm norm(module, x);
  norm.mean.copy_(module->running_mean);
  norm.variance.copy_(module->running_var);
  models::gpu::Norm constants = norm.norm();
  constants.running_mean = constants.running_var = nullptr;
  const Tensor before = module->running_mean.clone();
  check(kKernels.norm(constants, nullptr));
  CHECK(at::equal(module->running_mean, before));
  const Tensor xd = x.to(at::kDouble).requires_grad_(true);
  const auto in_double = [](const Tensor& tensor) { return tensor.detach().to(at::kDouble); };
  const Tensor wanted = at::batch_norm(xd, in_double(module->weight), in_double(module->bias), in_double(module->running_mean),
                                       in_double(module->running_var), false, 0.1, 1e-5, false)
                            .relu();
  wanted.backward(incoming.to(at::kDouble));
  CHECK(error(norm.apply({}, true), wanted) < 1e-6);
  const Tensor result = unwritten(x.sizes(), at::kFloat);
  norm.into(result, norm.gradient(incoming, {}, true), /*constants=*/true);
  CHECK(error(result, xd.grad()) < 1e-6);
}

TEST_CASE("device kernels: the stem's max-pool is float64's, forward and backward, whatever the sizes", "[device_kernels]") {
  torch::manual_seed(1);
  const auto shape =
      GENERATE(Case{2, 64, 12, 12, 0}, Case{3, 8, 7, 9, 0}, Case{8, 24, 1, 1, 0}, Case{1, 96, 2, 5, 0}, Case{2, 64, 33, 32, 0});
  const auto type = GENERATE(at::kFloat, at::kBFloat16);
  const std::vector<std::int64_t> sizes = {shape.n, shape.c, shape.h, shape.w};
  const Tensor x = channels_last(torch::randn(sizes).to(type));
  auto module = test::random_norm(shape.c);
  Norm norm(module, x);
  norm.take_moments();
  const models::gpu::Pool pool{shape.n, static_cast<int>(shape.h), static_cast<int>(shape.w)};
  const std::vector<std::int64_t> pooled = {shape.n, shape.c, pool.out_height(), pool.out_width()};
  const Tensor y = unwritten(pooled, type), place = channels_last(at::full(pooled, 77, at::kByte));
  check(kKernels.apply_pool(
      {map_of(x), pool, floats(norm.scale), floats(norm.shift), y.mutable_data_ptr(), place.mutable_data_ptr<std::uint8_t>()},
      nullptr));

  const auto double_of = [](const Tensor& tensor) { return tensor.detach().to(at::kDouble).requires_grad_(true); };
  const Tensor xd = double_of(x), weight = double_of(module->weight), bias = double_of(module->bias);
  const Tensor before = at::batch_norm(xd, weight, bias, {}, {}, true, 0.1, 1e-5, false),
               wanted = at::max_pool2d(before.relu(), {3, 3}, {2, 2}, {1, 1});
  REQUIRE(wanted.sizes() == at::IntArrayRef(pooled));
  const Tensor incoming = clear_of_zero(torch::randn(pooled).to(type), wanted.detach());
  wanted.backward(incoming.to(at::kDouble));
  models::gpu::Gradient gradient = norm.gradient(incoming, {}, false);
  gradient.place = place.const_data_ptr<std::uint8_t>();
  gradient.pool = pool;
  norm.sum(gradient, {});
  const Tensor result = unwritten(sizes, type);
  norm.into(result, gradient, /*constants=*/false);

  INFO(at::IntArrayRef(sizes) << ", " << type);
  CHECK(error(y, wanted) < rounding_of(type));
  CHECK(error(result, xd.grad()) < rounding_of(type));
  CHECK(error(norm.of_weight, weight.grad()) < 3e-6);
  CHECK(error(norm.of_bias, bias.grad()) < 3e-6);
}

TEST_CASE("device kernels: a NaN goes on through ReLU and max-pool", "[device_kernels]") {
  Tensor x = channels_last(torch::randn({1, 8, 5, 5}));
  x[0][3][2][2] = NAN;
  Norm norm(test::random_norm(8), x);
  norm.scale.fill_(1);
  norm.shift.fill_(0);
  CHECK(norm.apply({}, true).isnan().sum().item<int>() == 1);
  const Tensor y = unwritten({1, 8, 3, 3}, at::kFloat), place = channels_last(at::empty({1, 8, 3, 3}, at::kByte));
  check(kKernels.apply_pool(
      {map_of(x), {1, 5, 5}, floats(norm.scale), floats(norm.shift), y.mutable_data_ptr(), place.mutable_data_ptr<std::uint8_t>()},
      nullptr));
  CHECK(y.isnan().sum().item<int>() == 1);
}

TEST_CASE("device kernels: parts of wider pixels are read, copied and added to in place", "[device_kernels]") {
  torch::manual_seed(1);
  const auto type = GENERATE(at::kFloat, at::kBFloat16);
  const auto wide = [&] { return channels_last(torch::randn({2, 40, 5, 7}).to(type)); };
  const Tensor features = channels_last(torch::randn({2, 16, 5, 7}).to(type)), buffer = wide(), before = buffer.clone();
  Norm norm(test::random_norm(16), features);
  norm.take_moments(buffer.narrow(1, 8, 16));
  CHECK(at::equal(buffer.narrow(1, 8, 16), features));
  CHECK(at::equal(buffer.narrow(1, 0, 8), before.narrow(1, 0, 8)));
  CHECK(at::equal(buffer.narrow(1, 24, 16), before.narrow(1, 24, 16)));
  const Tensor back = unwritten(features.sizes(), type);
  check(kKernels.copy({map_of(buffer.narrow(1, 8, 16)), back.mutable_data_ptr(), 16}, nullptr));
  CHECK(at::equal(back, features));

  Norm of_part(test::random_norm(24), buffer.narrow(1, 8, 24));
  of_part.take_moments();
  const Tensor y = of_part.apply({}, true);
  Norm of_copy(of_part.module, channels_last(buffer.narrow(1, 8, 24)));
  of_copy.take_moments();
  CHECK(at::equal(y, of_copy.apply({}, true)));

  const Tensor incoming = channels_last(torch::randn({2, 24, 5, 7}).to(type)), sum = wide(), sum_before = sum.clone();
  for (Norm* one : {&of_part, &of_copy}) one->sum(one->gradient(incoming, {}, true), {});
  of_part.into(sum.narrow(1, 8, 24), of_part.gradient(incoming, {}, true), false, /*add=*/true);
  const Tensor alone = unwritten(incoming.sizes(), type);
  of_copy.into(alone, of_copy.gradient(incoming, {}, true), false);
  CHECK(error(sum.narrow(1, 8, 24), sum_before.narrow(1, 8, 24).to(at::kFloat) + alone.to(at::kFloat)) <
        (type == at::kFloat ? 1e-6 : 4e-3));
  CHECK(at::equal(sum.narrow(1, 0, 8), sum_before.narrow(1, 0, 8)));
  CHECK(at::equal(sum.narrow(1, 32, 8), sum_before.narrow(1, 32, 8)));
}

TEST_CASE("device kernels: bytes become the table's numbers bit for bit, in both layouts, to the last one", "[device_kernels]") {
  torch::manual_seed(1);
  const auto type = GENERATE(at::kFloat, at::kBFloat16);
  const bool last = GENERATE(true, false);
  const auto [n, h, w] = GENERATE(std::tuple{1, 1, 1}, std::tuple{3, 5, 7}, std::tuple{2, 64, 63});
  const Tensor images = at::randint(256, {n, h, w, 3}, at::kByte), values = torch::randn({3, 256});
  const Tensor found = at::full({n * h * w * 3}, NAN, at::TensorOptions(type));
  check(kKernels.bytes(
      {images.const_data_ptr<std::uint8_t>(), n, std::int64_t{h} * w, values.const_data_ptr<float>(),
       type == at::kFloat ? models::gpu::Type::float32 : models::gpu::Type::bfloat16, last, found.mutable_data_ptr()},
      nullptr));
  Tensor wanted = values.view(-1).index({images.to(at::kLong) + at::tensor({0, 256, 512})}).to(type);
  if (!last) wanted = wanted.permute({0, 3, 1, 2});
  CHECK(at::equal(found, wanted.reshape(-1)));
}
