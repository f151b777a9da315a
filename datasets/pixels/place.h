// Moving pixels without changing them: cutting out, adding a border, mirroring. Used by the operations of transforms/.
#pragma once
#include <array>
#include <string>

#include "datasets/codecs/decode.h"

namespace torchport::datasets {

/// A colour, 0 .. 255 each.
using Rgb = std::array<std::uint8_t, 3>;

/// The rows that begin at `rows`, each `stride` bytes after the one before, into all of `out`.
void copy_rows(const std::uint8_t* rows, std::size_t stride, Pixels& out);

/// `box` must lie within the image.
Pixels cropped(const Pixels& in, const Box& box);

/// Widths of a border, in pixels.
struct Border {
  int left = 0, top = 0, right = 0, bottom = 0;
  bool empty() const { return left == 0 && top == 0 && right == 0 && bottom == 0; }
};

/// What a border shows: one colour, the nearest pixel, or the image mirrored at its edge (reflect leaves the edge's own pixels
/// out, symmetric repeats them), over and over where the border is wider than the image.
enum class BorderMode { constant, edge, reflect, symmetric };

Pixels padded(const Pixels& in, const Border& border, BorderMode mode, Rgb fill);

void flip_vertically(Pixels& image);

}  // namespace torchport::datasets
