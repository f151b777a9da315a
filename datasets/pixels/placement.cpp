#include "datasets/pixels/placement.h"

namespace torchport::datasets {
namespace {

/// One direction of a placement: where its box begins in the image made smaller, and how it is resized.
struct Axis {
  int begin = 0;  // whole pixel of the smaller image, where the places of `resize` begin
  ResizeAxis resize{};
  int first = 0, count = 0;  // the part of the result

  bool resizes() const { return resize.out != resize.in || resize.start != 0 || resize.extent != resize.in; }
  /// The source of the part, counted from `begin`.
  ResizeSpan source() const {
    if (!resizes()) return {first, count};
    const int from = span_of(resize, first).first;
    return {from, span_of(resize, first + count - 1).end() - from};
  }
};

Axis axis(int begin, int extent, int out, int first, int count, Interpolation interpolation, int shrink) {
  Axis made;
  made.begin = begin / shrink;
  const int end = (begin + extent + shrink - 1) / shrink;
  made.resize = {static_cast<double>(begin) / shrink - made.begin, static_cast<double>(extent) / shrink, end - made.begin, out,
                 interpolation};
  made.first = first;
  made.count = count;
  return made;
}

Axis across(const Placement& p, int shrink) {
  return axis(p.box.left, p.box.width, p.size.width, p.part.left, p.part.width, p.interpolation, shrink);
}

Axis down(const Placement& p, int shrink) {
  return axis(p.box.top, p.box.height, p.size.height, p.part.top, p.part.height, p.interpolation, shrink);
}

void copy_row(const std::uint8_t* in, int width, bool mirrored, std::uint8_t* out) {
  if (!mirrored) {
    std::memcpy(out, in, std::size_t{3} * static_cast<std::size_t>(width));
    return;
  }
  out += std::ptrdiff_t{3} * (width - 1);
  for (int x = 0; x < width; ++x, in += 3, out -= 3) std::memcpy(out, in, 3);
}

/// The rows first .. first + count - 1 of `in`, resized across or copied, to `out`.
void make_rows(const PartOfImage& in, const Axis& axis, bool mirrored, int first, int count, PlaceScratch& scratch,
               std::uint8_t* out) {
  const std::size_t width = std::size_t{3} * static_cast<std::size_t>(axis.count), stride = in.pixels.stride();
  const int left = axis.begin - in.box.left;
  if (!axis.resizes()) {
    for (int y = first; y < first + count; ++y, out += width)
      copy_row(in.pixels.rgb.data() + in.pixels.at(y, left + axis.first), axis.count, mirrored, out);
    return;
  }
  scratch.across.set(axis.resize, axis.first, axis.count, mirrored);
  for (int done = 0; done < count; done += kResizeRows) {
    const int y = first + done, rows = std::min(kResizeRows, count - done);
    const std::uint8_t* from = in.pixels.rgb.data() + in.pixels.at(y, 0);
    const std::size_t bytes = static_cast<std::size_t>(rows) * stride;
    if (in.pixels.at(y, 0) + bytes + kResizeSlack > in.pixels.rgb.size()) {
      scratch.rows.assign(from, from + bytes);
      scratch.rows.resize(bytes + kResizeSlack);
      from = scratch.rows.data();
    }
    resize_code().rows(from + std::ptrdiff_t{3} * left, stride, rows, scratch.across, out + static_cast<std::size_t>(done) * width);
  }
}

}  // namespace

Placement Placement::resized(const Box& box, ImageSize size, Interpolation interpolation) {
  return {box, size, interpolation, {0, 0, size.height, size.width}, false};
}

bool Placement::then(const Placement& next) {
  if (next.resizes()) {
    if (resizes() || mirrored) return false;
    const Box from{box.top + part.top + next.box.top, box.left + part.left + next.box.left, next.box.height, next.box.width};
    *this = next;
    box = from;
    return true;
  }
  const int left = next.box.left + next.part.left;
  part.top += next.box.top + next.part.top;
  part.left += mirrored ? part.width - left - next.part.width : left;
  part.height = next.part.height;
  part.width = next.part.width;
  mirrored = mirrored != next.mirrored;
  return true;
}

Box source_of(const Placement& placement) {
  const Axis x = across(placement, 1), y = down(placement, 1);
  const ResizeSpan columns = x.source(), rows = y.source();
  return {y.begin + rows.first, x.begin + columns.first, rows.count, columns.count};
}

int shrink_before(const Placement& placement) {
  int shrink = 1;
  while (shrink < 8 && placement.box.width >= 2 * shrink * placement.size.width &&
         placement.box.height >= 2 * shrink * placement.size.height)
    shrink *= 2;
  return shrink;
}

void place(const PartOfImage& in, const Placement& placement, PlaceScratch& scratch, std::uint8_t* out) {
  const Axis x = across(placement, in.shrink), y = down(placement, in.shrink);
  const ResizeSpan rows = y.source();
  const int top = y.begin - in.box.top;  // of the box, in `in`
  if (!y.resizes()) return make_rows(in, x, placement.mirrored, top + rows.first, rows.count, scratch, out);

  const std::size_t width = std::size_t{3} * static_cast<std::size_t>(x.count);
  scratch.narrow.resize(width * static_cast<std::size_t>(rows.count));
  make_rows(in, x, placement.mirrored, top + rows.first, rows.count, scratch, scratch.narrow.data());
  scratch.down.set(y.resize, y.first, y.count, false);
  for (const ResizeSpan& span : scratch.down.spans) {
    const std::uint8_t* first = scratch.narrow.data() + static_cast<std::size_t>(span.first - rows.first) * width;
    resize_code().blend(first, width, span.count, scratch.down.of(span), width, out);
    out += width;
  }
}

Pixels placed(Pixels image, const Placement& placement) {
  if (placement.keeps(image.size())) return image;
  const Box all{0, 0, image.height, image.width};
  const PartOfImage in{std::move(image), all, 1};
  PlaceScratch scratch;
  Pixels out;
  out.reset(placement.part.size());
  place(in, placement, scratch, out.rgb.data());
  return out;
}

}  // namespace torchport::datasets
