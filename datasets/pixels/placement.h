// Operations that only choose, resize and mirror pixels, as one: which part of an image becomes which pixels of the result. Several
// such operations in a row are composed before anything is read, so that only what they need is decoded and each pixel made once.
// Used by Transformation and by the loader.
#pragma once
#include <vector>

#include "datasets/codecs/decode.h"
#include "datasets/pixels/resize.h"

namespace torchport::datasets {

/// Of an image: `box` resized to `size`, of that `part`, and that mirrored left to right or not.
struct Placement {
  Box box;
  ImageSize size;
  Interpolation interpolation = Interpolation::bilinear;  ///< or bicubic; counts where `size` is not the box's
  Box part;
  bool mirrored = false;

  /// `box` of an image, resized: what is outside of the box does not shine in, as if it had been cut out before.
  static Placement resized(const Box& box, ImageSize size, Interpolation interpolation);
  /// `box` of an image as it is.
  static Placement cut(const Box& box) { return resized(box, box.size(), Interpolation::bilinear); }
  /// All of an image as it is.
  static Placement whole(ImageSize image) { return cut({0, 0, image.height, image.width}); }

  bool resizes() const { return size != box.size(); }
  /// Whether nothing changes in an image of this size.
  bool keeps(ImageSize image) const {
    return !mirrored && !resizes() && box.size() == image && part == Box{0, 0, image.height, image.width};
  }
  /// Makes of this what it is followed by `next`, which refers to its result, bit for bit. Returns whether the two can be told as
  /// one: nothing can be resized twice, nor be mirrored first (rounding is not symmetric).
  bool then(const Placement& next);
};

/// The pixels of an image that a placement reads.
Box source_of(const Placement& placement);

/// How much smaller (1, 2, 4 or 8 times) an image may be made before, so that it is still resized to no more pixels than it has.
int shrink_before(const Placement& placement);

/// Memory of `place`, for a thread to keep.
struct PlaceScratch {
  ResizeKernel across, down;
  std::vector<std::uint8_t> narrow, rows;
};

/// Writes the pixels of `placement`, part.height rows of part.width without gaps, to `out`. `in` has those of source_of(placement).
/// If it was not made smaller, the result equals that of Pillow's `crop`, `resize`, `crop` and `transpose`, bit for bit.
void place(const PartOfImage& in, const Placement& placement, PlaceScratch& scratch, std::uint8_t* out);

/// A whole image's pixels of `placement`.
Pixels placed(Pixels image, const Placement& placement);

}  // namespace torchport::datasets
