// Reads the Huffman codes of a JPEG image in libjpeg's place, in about 0.7 of its time; the rest stays libjpeg's. Used by jpeg.cpp.
#pragma once
#include <array>
#include <cstdint>
#include <cstdio>  // jpeglib.h needs FILE
#include <vector>

#define JPEG_INTERNALS  // for jpeg_entropy_decoder
#include <jpeglib.h>

#include "datasets/codecs/jpeg_code_table.h"

namespace torchport::datasets::images {

/// The decoder of codes of an image of one scan, as nearly all are. Only what is exactly as it should be is read here: of anything
/// else libjpeg can tell what is wrong, or go on.
class JpegCodes : public jpeg_entropy_decoder {
 public:
  /// To be called after jpeg_start_decompress, with all of the file in the source's buffer. An image of a kind that is left to
  /// libjpeg stays as it is. From then on an error may mean that left_off() is true: the image is to be read again without this.
  void take_over(jpeg_decompress_struct& image);
  bool left_off() const { return left_off_; }

 private:
  static boolean decode(j_decompress_ptr image, JBLOCKROW* blocks);
  // These return whether all is as it should be.
  bool find_segments(const jpeg_decompress_struct& image);
  bool next(jpeg_decompress_struct& image, JBLOCKROW* blocks);
  bool read(const jpeg_decompress_struct& image, JBLOCKROW* blocks);
  bool begin_segment(std::uint32_t restart_interval);
  bool end_scan(jpeg_source_mgr& source) const;

  std::array<JpegCodeTable, NUM_HUFF_TBLS> dc_, ac_;
  std::vector<std::uint8_t> bytes_;        // of the scan, without those between which stand for no bits, and then zeros
  std::vector<const std::uint8_t*> ends_;  // of the segments between restarts, in bytes_
  const JOCTET* rest_;                     // of the file, after the scan
  std::size_t segment_;                    // being read
  std::uint32_t left_in_segment_, left_;   // groups of blocks (MCUs)
  JpegBits bits_;
  std::array<std::int64_t, MAX_COMPS_IN_SCAN> last_;  // DC coefficients
  JBLOCK unwanted_;
  bool left_off_ = false;
};

}  // namespace torchport::datasets::images
