// The boxes of ISO/IEC 23008-12 that say what an image is made of: iref/dimg names the parts, ipma/ispe their sizes.
#include "datasets/codecs/heif/tiles.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "datasets/codecs/reader.h"

namespace torchport::datasets::heif {
namespace {

using images::Reader;

struct Box {
  std::string_view kind;
  std::size_t begin, end;  ///< of what it holds
};

/// The boxes one after the other from `at` to `end`. \throws ImageError
std::vector<Box> boxes_in(const Reader& in, std::size_t at, std::size_t end) {
  constexpr std::size_t kMost = 100000;
  std::vector<Box> boxes;
  while (at + 8 <= end) {
    std::uint64_t size = in.u32(at);
    std::size_t header = 8;
    if (size == 1) {
      size = std::uint64_t{in.u32(at + 8)} << 32 | in.u32(at + 12);
      header = 16;
    }
    if (size == 0) size = end - at;
    if (size < header || size > end - at) in.fail("premature end of data");
    if (boxes.size() == kMost) in.fail("too many boxes");
    boxes.push_back({in.text(at + 4, 4), at + header, at + static_cast<std::size_t>(size)});
    at += static_cast<std::size_t>(size);
  }
  return boxes;
}

/// What the meta box says of parts and sizes.
class Meta {
 public:
  Meta(const Reader& in, const Box& meta) : in_(in) {
    for (const Box& box : boxes_in(in, meta.begin + 4, meta.end)) {
      if (box.kind == "iref") read_references(box);
      if (box.kind == "iprp") read_properties(box);
    }
  }
  /// Pixels that are decoded for the dearest item; parts may have parts.
  std::uint64_t most_pixels() {
    std::uint64_t most = 0;
    for (const auto& [item, parts] : parts_) most = std::max(most, cost(item, 0));
    return most;
  }

 private:
  std::uint64_t cost(std::uint32_t item, int depth) {
    constexpr int kDeepest = 8;
    if (depth > kDeepest) in_.fail("its parts have no end");
    const auto known = costs_.find(item);
    if (known != costs_.end()) return known->second;
    const auto parts = parts_.find(item);
    std::uint64_t sum = 1;
    if (parts == parts_.end()) sum += item_pixels_[item];
    if (parts != parts_.end()) {
      for (const std::uint32_t part : parts->second)
        sum = std::min<std::uint64_t>(sum + cost(part, depth + 1), std::uint64_t{1} << 60);
    }
    return costs_[item] = sum;
  }
  std::uint32_t version(const Box& box) const { return in_.u8(box.begin); }

  void read_references(const Box& iref) {
    const bool wide = version(iref) > 0;
    const std::size_t id = wide ? 4 : 2;
    for (const Box& box : boxes_in(in_, iref.begin + 4, iref.end)) {
      if (box.kind != "dimg") continue;
      const std::uint32_t from = wide ? in_.u32(box.begin) : in_.u16(box.begin);
      const std::size_t count = in_.u16(box.begin + id);
      for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = box.begin + id + 2 + i * id;
        parts_[from].push_back(wide ? in_.u32(at) : in_.u16(at));
      }
    }
  }

  void read_properties(const Box& iprp) {
    std::vector<std::uint64_t> pixels;  // by property, 0 where it is not a size
    for (const Box& box : boxes_in(in_, iprp.begin, iprp.end)) {
      if (box.kind == "ipco") {
        for (const Box& property : boxes_in(in_, box.begin, box.end)) {
          const bool size = property.kind == "ispe";
          pixels.push_back(size ? std::uint64_t{in_.u32(property.begin + 4)} * in_.u32(property.begin + 8) : 0);
        }
      } else if (box.kind == "ipma") {
        read_associations(box, pixels);
      }
    }
  }

  void read_associations(const Box& ipma, const std::vector<std::uint64_t>& pixels) {
    const bool wide_items = version(ipma) > 0, wide = (in_.u8(ipma.begin + 3) & 1) != 0;
    const std::uint32_t count = in_.u32(ipma.begin + 4);
    std::size_t at = ipma.begin + 8;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t item = wide_items ? in_.u32(at) : in_.u16(at);
      at += wide_items ? 4 : 2;
      const unsigned properties = in_.u8(at++);
      for (unsigned k = 0; k < properties; ++k, at += wide ? 2 : 1) {
        const std::size_t index = wide ? in_.u16(at) & 0x7FFFU : in_.u8(at) & 0x7FU;
        if (index > 0 && index <= pixels.size()) item_pixels_[item] = std::max(item_pixels_[item], pixels[index - 1]);
      }
    }
  }

  const Reader& in_;
  std::map<std::uint32_t, std::vector<std::uint32_t>> parts_;
  std::map<std::uint32_t, std::uint64_t> item_pixels_, costs_;
};

}  // namespace

void check_tiles(std::string_view bytes) {
  const Reader in(bytes, "HEIC", true);
  try {
    for (const Box& box : boxes_in(in, 0, in.size())) {
      if (box.kind != "meta") continue;
      if (Meta(in, box).most_pixels() > 2 * static_cast<std::uint64_t>(kMaxPixels)) throw Failure("too many tiles");
      return;
    }
  } catch (const ImageError& error) {
    throw Failure(error.what() + std::string_view("HEIC: ").size());  // the caller puts it before
  }
  throw Failure("there is no image in it");
}

}  // namespace torchport::datasets::heif
