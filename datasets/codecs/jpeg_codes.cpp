#include "datasets/codecs/jpeg_codes.h"

#include <algorithm>

#include "runtime/instruction_sets.h"

namespace torchport::datasets::images {
namespace {

// Where in a block the coefficients stand, in the order of the file (T.81, figure 5).
constexpr std::array<std::uint8_t, DCTSIZE2> kPlaces = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

// Blocks begin before this many bytes after a segment's end, where only bits of the last byte were held in advance.
constexpr std::size_t kAhead = sizeof(JpegBits::bits);
// May be read after a segment's end: a block of the longest symbols cannot pass it, so within one nothing has to be checked.
constexpr std::size_t kBeyond = kAhead + DCTSIZE2 * JpegCodeTable::kMostBits / 8 + kAhead;

// The number of `size` bits with which `bits` begin: where the first is 0 it is negative, and all are inverted (T.81, F.2.2.1).
inline std::int64_t number(std::uint64_t bits, std::uint32_t size) {
  const std::int64_t negative = ~(static_cast<std::int64_t>(bits) >> 63);
  const std::uint64_t absolute = (bits ^ static_cast<std::uint64_t>(negative)) >> 1 >> (63 - size);
  return (static_cast<std::int64_t>(absolute) ^ negative) - negative;
}

// Reads coefficient k, or one after it where zeros come first, and moves k on. Returns false where the block ends: k is DCTSIZE2 if
// it does so rightly.
[[gnu::always_inline]] inline bool read_coefficient(JpegBits& bits, const JpegCodeTable& ac, JCOEF* block, std::uint32_t& k) {
  const JpegCodeTable::Symbol next = ac.read(bits.bits);
  k += next.zeros;
  if (k >= DCTSIZE2) [[unlikely]] {
    k = next.zeros == JpegCodeTable::kEndOfBlock ? DCTSIZE2 : 0;
    bits.skip(next.bits);
    return false;
  }
  block[kPlaces[k]] = static_cast<JCOEF>(number(bits.bits << next.length, next.size));
  bits.skip(next.bits);
  return ++k < DCTSIZE2;
}

// Returns whether the block is as it should be. `block` is zeros.
[[gnu::always_inline]] inline bool read_block(JpegBits& bits, const JpegCodeTable& dc, const JpegCodeTable& ac, std::int64_t& last,
                                              JCOEF* block) {
  bits.fill();
  const JpegCodeTable::Symbol first = dc.read(bits.bits);
  if (first.zeros != 0) return false;
  last += number(bits.bits << first.length, first.size);
  bits.skip(first.bits);
  block[0] = static_cast<JCOEF>(last);
  std::uint32_t k = 1;
  // Filling takes longer than reading a symbol, and three nearly always fit; with fewer it was slower.
  const auto fill = [&] {
    if (bits.held <= JpegCodeTable::kMostBits) [[unlikely]]
      bits.fill();
  };
  while (true) {
    bits.fill();
    if (!read_coefficient(bits, ac, block, k)) break;
    fill();
    if (!read_coefficient(bits, ac, block, k)) break;
    fill();
    if (!read_coefficient(bits, ac, block, k)) break;
  }
  return k == DCTSIZE2;
}

}  // namespace

void JpegCodes::take_over(jpeg_decompress_struct& image) {
  left_off_ = false;
  if (image.progressive_mode || image.arith_code || image.comps_in_scan != image.num_components || !find_segments(image)) return;
  for (int c = 0; c < image.comps_in_scan; ++c) {
    const jpeg_component_info& component = *image.cur_comp_info[c];
    dc_[component.dc_tbl_no].set(*image.dc_huff_tbl_ptrs[component.dc_tbl_no], false);
    ac_[component.ac_tbl_no].set(*image.ac_huff_tbl_ptrs[component.ac_tbl_no], true);
  }
  left_ = image.MCUs_per_row * image.MCU_rows_in_scan;
  left_in_segment_ = image.restart_interval == 0 ? left_ : std::min(left_, image.restart_interval);
  segment_ = 0;
  bits_ = {bytes_.data()};
  last_.fill(0);
  static_cast<jpeg_entropy_decoder&>(*this) = *image.entropy;
  decode_mcu = decode;
  image.entropy = this;
}

// A byte of 255 is followed by a 0 that stands for no bits, or begins a marker. Restarts are markers and count from 0 to 7 again
// and again; any other one ends the scan.
bool JpegCodes::find_segments(const jpeg_decompress_struct& image) {
  const JOCTET *at = image.src->next_input_byte, *const end = at + image.src->bytes_in_buffer;
  bytes_.resize(image.src->bytes_in_buffer + kBeyond);
  ends_.clear();
  std::uint8_t* to = bytes_.data();
  while (const void* found = std::memchr(at, 0xFF, static_cast<std::size_t>(end - at))) {
    const auto* marker = static_cast<const JOCTET*>(found);
    if (marker + 1 == end) return false;
    const JOCTET kind = marker[1];
    to = std::copy(at, kind == 0 ? marker + 1 : marker, to);
    at = marker + 2;
    if (kind == 0) continue;
    ends_.push_back(to);
    if (kind == JPEG_RST0 + (ends_.size() - 1) % 8 && image.restart_interval != 0) continue;
    rest_ = marker;
    std::fill_n(to, kBeyond, std::uint8_t{0});
    return kind == JPEG_EOI;
  }
  return false;
}

bool JpegCodes::begin_segment(std::uint32_t restart_interval) {
  if (bits_.end() != ends_[segment_] || segment_ + 1 == ends_.size()) return false;
  bits_ = {ends_[segment_++]};
  last_.fill(0);
  left_in_segment_ = std::min(left_, restart_interval);
  return true;
}

bool JpegCodes::end_scan(jpeg_source_mgr& source) const {
  if (bits_.end() != ends_[segment_] || segment_ + 1 != ends_.size()) return false;
  source.bytes_in_buffer -= static_cast<std::size_t>(rest_ - source.next_input_byte);
  source.next_input_byte = rest_;
  return true;
}

// From x86-64-v3 on, shifts by a register are one instruction.
FOR_EACH_INSTRUCTION_SET bool JpegCodes::read(const jpeg_decompress_struct& image, JBLOCKROW* blocks) {
  JpegBits bits = bits_;
  for (int b = 0; b < image.blocks_in_MCU; ++b) {
    if (bits.next >= ends_[segment_] + kAhead) return false;
    const int c = image.MCU_membership[b];
    const jpeg_component_info& component = *image.cur_comp_info[c];
    JCOEF* const block = blocks == nullptr || blocks[b] == nullptr ? unwanted_ : *blocks[b];
    if (!read_block(bits, dc_[component.dc_tbl_no], ac_[component.ac_tbl_no], last_[c], block)) return false;
  }
  bits_ = bits;
  return true;
}

bool JpegCodes::next(jpeg_decompress_struct& image, JBLOCKROW* blocks) {
  if (left_in_segment_ == 0 && !begin_segment(image.restart_interval)) return false;
  if (!read(image, blocks)) return false;
  --left_in_segment_;
  return --left_ > 0 || end_scan(*image.src);
}

boolean JpegCodes::decode(j_decompress_ptr image, JBLOCKROW* blocks) {
  auto& codes = *static_cast<JpegCodes*>(image->entropy);
  if (!codes.next(*image, blocks)) {
    codes.left_off_ = true;
    image->err->error_exit(reinterpret_cast<j_common_ptr>(image));
  }
  return TRUE;
}

}  // namespace torchport::datasets::images
