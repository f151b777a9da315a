#include "datasets/loading/normalised.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <c10/util/BFloat16.h>

#include <stdexcept>

#include "datasets/trace.h"

namespace torchport::datasets {
namespace {

// The value of each byte in each channel: exactly the float32 numbers of ToTensor and Normalize at no cost an image.
template <class Number>
using Table = std::array<std::array<Number, 256>, 3>;

template <class Number>
Table<Number> table_of(const Normalisation& normalisation) {
  Table<Number> table;
  for (std::size_t channel = 0; channel < 3; ++channel) {
    const auto mean = static_cast<float>(normalisation.mean[channel]), std_dev = static_cast<float>(normalisation.std_dev[channel]);
    for (std::size_t value = 0; value < 256; ++value) {
      table[channel][value] = static_cast<Number>((static_cast<float>(value) / 255.0F - mean) / std_dev);
    }
  }
  return table;
}

constexpr std::int64_t kGrain = 16 * 1024;  // pixels below which another thread costs more than it does

/// Pixels begin .. end - 1 of all images' pixels, numbered through.
template <class Number>
void fill(const std::uint8_t* in, Number* out, std::int64_t begin, std::int64_t end, std::int64_t area, bool channels_last,
          const Table<Number>& table) {
  const auto& [red, green, blue] = table;
  in += 3 * begin;
  if (channels_last) {
    out += 3 * begin;
    for (std::int64_t p = begin; p < end; ++p, in += 3, out += 3) {
      out[0] = red[in[0]];
      out[1] = green[in[1]];
      out[2] = blue[in[2]];
    }
    return;
  }
  for (std::int64_t p = begin; p < end;) {
    const std::int64_t image = p / area, stop = std::min(end, (image + 1) * area);
    Number* plane = out + image * 3 * area;
    for (std::int64_t q = p - image * area; p < stop; ++p, ++q, in += 3) {
      plane[q] = red[in[0]];
      plane[q + area] = green[in[1]];
      plane[q + 2 * area] = blue[in[2]];
    }
  }
}

template <class Number>
void fill_all(const at::Tensor& images, at::Tensor& out, const Normalisation& normalisation, bool channels_last) {
  const Table<Number> table = table_of<Number>(normalisation);
  const std::int64_t area = images.size(2) * images.size(3);
  const auto* in = images.const_data_ptr<std::uint8_t>();
  auto* target = out.mutable_data_ptr<Number>();
  at::parallel_for(0, images.size(0) * area, kGrain,
                   [&](std::int64_t begin, std::int64_t end) { fill(in, target, begin, end, area, channels_last, table); });
}

void check(const at::Tensor& images, at::Device device) {
  if (images.scalar_type() != at::kByte || images.dim() != 4 || images.size(1) != 3 ||
      !images.permute({0, 2, 3, 1}).is_contiguous())
    throw std::logic_error("normalised: the images are not bytes in channels-last memory");
  if (images.device() != device) throw std::logic_error("normalised: the images are on " + images.device().str());
}

void check(at::ScalarType dtype) {
  if (dtype != at::kFloat && dtype != at::kBFloat16) throw std::logic_error("normalised: only float32 and bfloat16 are made");
}

}  // namespace

at::Tensor normalised(const at::Tensor& images, const Normalisation& normalisation, at::ScalarType dtype, bool channels_last) {
  check(images, c10::kCPU);
  const Span span("normalise", images.numel());
  check(dtype);
  const auto format = channels_last ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  at::Tensor out = at::empty(images.sizes(), at::TensorOptions().dtype(dtype).memory_format(format));
  if (dtype == at::kFloat) {
    fill_all<float>(images, out, normalisation, channels_last);
  } else {
    fill_all<at::BFloat16>(images, out, normalisation, channels_last);
  }
  return out;
}

Normaliser::Normaliser(const Normalisation& normalisation, at::Device device) : normalisation_(normalisation) {
  if (device.is_cpu()) return;
  Table<float> table = table_of<float>(normalisation);
  values_ = at::from_blob(table.data(), {3 * 256}, at::kFloat).to(device);
  begins_ = at::tensor({0, 256, 512}, at::kInt).to(device);
}

at::Tensor Normaliser::operator()(const at::Tensor& images, at::ScalarType dtype, bool channels_last) const {
  if (!values_.defined()) return normalised(images, normalisation_, dtype, channels_last);
  check(images, values_.device());
  check(dtype);
  const at::Tensor pixels = images.permute({0, 2, 3, 1});
  const at::Tensor places = pixels.to(at::kInt).add_(begins_).view(-1);
  const at::Tensor out = values_.to(dtype).index_select(0, places).view(pixels.sizes()).permute({0, 3, 1, 2});
  return channels_last ? out : out.contiguous();
}

}  // namespace torchport::datasets
