// The sizes of all images of a directory, before the first epoch: a batch is one tensor. Called by the check that all are alike,
// for training and scoring.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "datasets/directory/image_directory.h"
#include "datasets/loading/loader.h"

namespace torchport::datasets {

/// The sizes of every `world`-th image from `rank` on, or rather what the transformation that the directory may carry makes of
/// them: all of it for training (`augmented`), else what is left for inference.
struct SizeScan {
  std::uint32_t first = 0;                 ///< the first readable image
  ImageSize size;                          ///< its size; 0 x 0 where none is readable
  std::optional<std::uint32_t> different;  ///< index of an image of another size
  ImageSize different_size;
  std::vector<BadImage> bad;
  std::string doubts;  ///< for the log: noted sizes that did not hold (ImageSizes::doubts)
};

/// Takes noted sizes where they hold, and else reads the header; where the transformation gives one size whatever comes in, nothing
/// is read, and it is only seen whether the file is there. Uses `threads` threads.
SizeScan scan_sizes(const ImageDirectory& images, int rank, int world, int threads, bool augmented = false);

}  // namespace torchport::datasets
