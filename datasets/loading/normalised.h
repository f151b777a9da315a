// The bytes of a batch as the numbers that a network takes: what ToTensor and Normalize of torchvision do, in one pass. Called for
// each batch by the trainer, by validation and by scoring.
#pragma once
#include <ATen/core/Tensor.h>

#include <array>

namespace torchport::datasets {

/// (value / 255 - mean) / std for each channel, as torchvision's ToTensor and Normalize.
struct Normalisation {
  std::array<double, 3> mean, std_dev;
};

/// uint8 [N, 3, H, W] in channels-last memory (Batch::images) to `dtype`, float32 or bfloat16, in channels-last or contiguous
/// memory. The float32 values are those of torchvision bit for bit, bfloat16 are these rounded. Shares the work among ATen's
/// threads.
at::Tensor normalised(const at::Tensor& images, const Normalisation& normalisation, at::ScalarType dtype, bool channels_last);

/// normalised() where the batches lie: with the same values bit for bit on a device, where nothing is copied or waited for.
class Normaliser {
 public:
  /// Copies what each byte becomes to the device.
  Normaliser(const Normalisation& normalisation, at::Device device);
  /// \pre the images are on the device
  at::Tensor operator()(const at::Tensor& images, at::ScalarType dtype, bool channels_last) const;
  /// float32 [3 * 256] on the device, channel by channel: what each byte becomes. Undefined on the CPU.
  const at::Tensor& values() const { return values_; }

 private:
  Normalisation normalisation_;
  at::Tensor values_;
  at::Tensor begins_;  ///< int32 [3]: where each channel's begin
};

}  // namespace torchport::datasets
