// The images of a batch as a network takes them: brought to where it computes, normalised, in its layout and precision.
// Used by BatchFeed, by validation and by scoring.
#pragma once
#include <ATen/core/Tensor.h>

#include "component/training/device.h"
#include "component/training/precision.h"
#include "component/training/staged_loader.h"
#include "datasets/directory/image_directory.h"
#include "datasets/loading/normalised.h"

namespace torchport::component {

class NetworkInput {
 public:
  NetworkInput(const datasets::Normalisation& normalisation, bool channels_last, Precision precision, const Device& device);
  /// `images` as StagedLoader gives them. The type is what autocast would make of it, or float32 for images that are
  /// to be computed with first.
  at::Tensor operator()(const at::Tensor& images, bool float32 = false) const;

 private:
  const bool channels_last_;
  const at::ScalarType type_;
  const Device device_;
  const datasets::Normaliser normaliser_;
};

/// Begins a pass over the rows [first, first + count) in their order, in batches of at most `batch_size`.
void begin_in_order(StagedLoader& loader, std::size_t first, std::size_t count, std::size_t batch_size);

}  // namespace torchport::component
