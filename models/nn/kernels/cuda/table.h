// The kernels of a GPU as plain functions, so that the worker needs no CUDA: filled in by the module torchport-cuda.so and, with
// the kernels' host form, by the tests. Called by models/nn/device/ and by component/training/network_input.cpp.
#pragma once
#include <cstdint>

namespace torchport::models {

namespace gpu {

enum class Type : int { float32, bfloat16 };

/// Elements that are read at once: channels and strides are multiples of it, and addresses of 16 bytes.
inline int pack_size(Type type) { return type == Type::float32 ? 4 : 8; }

/// Channels-last activations on the device: from one of the `pixels` to the next it is `stride` elements.
struct Map {
  Type type;
  const void* data;
  std::int64_t pixels, stride;
  int channels;
};

/// A batch norm, as y = x * scale + shift: from a mean and a (biased) variance, all float32 of a channel.
struct Norm {
  int channels;
  double count;  ///< values a channel that the moments were taken of
  const float *mean, *variance;
  const float *weight, *bias;
  double eps, momentum;
  float *running_mean, *running_var;   ///< take part of the moments; null: stay as they are
  float *inverse_std, *scale, *shift;  ///< results
};

/// The moments of x, around a value near the mean, so that a large one costs no digits.
struct Moments {
  Map x;
  void* copy;  ///< where x is copied to on the way, with its own stride; null: nowhere
  std::int64_t copy_stride;
  float* scratch;  ///< of CudaKernels::scratch
  float *mean, *variance;
};

/// y = x * scale + shift, or that + shortcut, or what of it is above 0. y and shortcut are dense.
struct Apply {
  Map x;
  const float *scale, *shift;
  const void* shortcut;  ///< or null
  bool relu;
  void* y;
};

/// Images of height x width pixels in a 3 x 3 max-pool of stride 2 and padding 1.
struct Pool {
  std::int64_t images;
  int height, width;
  int out_height() const { return (height + 1) / 2; }
  int out_width() const { return (width + 1) / 2; }
};

/// y = max over each window of max(0, x * scale + shift), dense.
struct ApplyPool {
  Map x;
  Pool pool;
  const float *scale, *shift;
  void* y;
  std::uint8_t* place;  ///< of each element of y: which pixel of its window it is, row by row; 255: it is 0 and no gradient passes
};

/// The gradient g of x * scale + shift: what comes in, where ReLU and the max-pool let it through. All dense but x.
struct Gradient {
  Map x;
  const void* incoming;       ///< of the output
  const void* output;         ///< where it is not above 0 nothing passes; null: nothing is said so
  bool by_input;              ///< nothing passes where x * scale + shift is not above 0
  const std::uint8_t* place;  ///< of a max-pool, as ApplyPool has it; null: there was none
  Pool pool;
  const float *mean, *inverse_std, *scale, *shift;
};

/// From the sums of g and g * (x - mean) over all pixels: gradients of the norm's weight and bias, and what the gradient of x
/// takes.
struct GradientSums {
  Gradient gradient;
  double count;
  void* masked;  ///< where g is written to, dense; may be `incoming`; null: nowhere
  float* scratch;
  float *weight_gradient, *bias_gradient;
  float *slope, *offset;  ///< null: mean and variance were constants
};

/// The gradient of x: g * scale - (x - mean) * slope - offset.
struct InputGradient {
  Gradient gradient;
  const float *slope, *offset;  ///< null: zeros
  void* result;                 ///< may be `incoming` where that is dense and not of a max-pool
  std::int64_t stride;
  bool add;  ///< to what is there
};

struct Copy {
  Map from;
  void* to;
  std::int64_t stride;
};

/// Bytes of images, [images, height, width, 3], as numbers: of channel c the byte b becomes values[256 * c + b].
struct Bytes {
  const std::uint8_t* data;
  std::int64_t images, area;  ///< pixels an image
  const float* values;
  Type type;
  bool channels_last;  ///< else [images, 3, height, width]
  void* result;
};

}  // namespace gpu

/// Each starts work on a stream, as c10::Stream::native_handle() gives it, and returns why that failed, or null.
struct CudaKernels {
  /// Floats that Moments and GradientSums need for x.
  std::int64_t (*scratch)(const gpu::Map& x);
  /// Also makes the norm of them, unless that is null: its own mean and variance are not looked at.
  const char* (*moments)(const gpu::Moments&, const gpu::Norm*, void* stream);
  const char* (*norm)(const gpu::Norm&, void* stream);
  const char* (*apply)(const gpu::Apply&, void* stream);
  const char* (*apply_pool)(const gpu::ApplyPool&, void* stream);
  const char* (*gradient_sums)(const gpu::GradientSums&, void* stream);
  const char* (*input_gradient)(const gpu::InputGradient&, void* stream);
  const char* (*copy)(const gpu::Copy&, void* stream);
  const char* (*bytes)(const gpu::Bytes&, void* stream);
};

}  // namespace torchport::models
