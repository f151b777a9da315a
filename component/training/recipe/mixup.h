// Mixup (Zhang et al., ICLR 2018, arXiv 1710.09412) as torchvision's RandomMixup: each image is blended with the one before it in
// its batch, the first with the last. Used by BatchFeed between the loader and the network, and by the training loss.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>

namespace torchport::component {

/// The share that an image keeps, drawn from Beta(alpha, alpha): a function of the arguments alone, and so the same on all ranks. 1
/// for an alpha of 0. `epoch` and `step` count from 0.
double mixup_share(double alpha, std::int64_t seed, std::int64_t epoch, std::int64_t step);

/// share * x + (1 - share) * (the one before x), for each row x of `images` [N, C, H, W] of a floating-point type, in the same
/// layout. `share` is 0-dimensional, of the same type and on the same device.
at::Tensor mixed_with_previous(const at::Tensor& images, const at::Tensor& share);

/// The labels [N] of the rows that mixed_with_previous() blends into `labels`' own.
at::Tensor previous_labels(const at::Tensor& labels);

}  // namespace torchport::component
