// JPEG through libjpeg-turbo, with the settings that Pillow uses (accurate DCT, smooth chroma upsampling).
// libjpeg goes on after damage and only warns; here the first warning ends the decoding, so that no grey area passes for an image.
#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>

#include "datasets/images/codecs.h"

namespace torchport::datasets::images {
namespace {

/// Real images have about ten scans; thousands of them in a small file would keep the decoder busy for minutes.
constexpr int kMaxScans = 100;

/// libjpeg reports by jumping out, which must not skip destructors: everything between setjmp and the jump is plain C data.
struct Session {
  jpeg_decompress_struct image;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf give_up;
  char message[JMSG_LENGTH_MAX];
};

Session& session_of(j_common_ptr image) { return *static_cast<Session*>(image->client_data); }

[[noreturn]] void on_error(j_common_ptr image) {
  Session& session = session_of(image);
  image->err->format_message(image, session.message);
  std::longjmp(session.give_up, 1);
}

void on_message(j_common_ptr image, int level) {
  if (level < 0) on_error(image);  // negative levels are warnings about damage, others are traces
}

void on_progress(j_common_ptr image) {
  Session& session = session_of(image);
  if (session.image.input_scan_number <= kMaxScans) return;
  std::snprintf(session.message, sizeof session.message, "more than %d scans", kMaxScans);
  std::longjmp(session.give_up, 1);
}

/// Pillow takes every four-channel JPEG for an inverted one, as Adobe's programs write them, and drops the profile.
void cmyk_to_rgb(const JSAMPLE* cmyk, std::uint8_t* rgb, JDIMENSION width) {
  for (JDIMENSION x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    const unsigned white = cmyk[3];
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>(white - share_of_255(255u - cmyk[c], white));
  }
}

/// Returns whether it went well; session.message says why not. `row` has room for one row of four channels.
bool decode_into(Session& session, std::string_view bytes, Pixels& out, JSAMPLE* row) {
  jpeg_decompress_struct& image = session.image;
  if (setjmp(session.give_up)) return false;
  jpeg_create_decompress(&image);
  session.progress.progress_monitor = on_progress;
  image.progress = &session.progress;
  jpeg_mem_src(&image, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&image, TRUE);
  const bool cmyk = image.num_components == 4;
  image.out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
  image.dct_method = JDCT_ISLOW;
  image.do_fancy_upsampling = TRUE;
  jpeg_start_decompress(&image);
  if (static_cast<int>(image.output_width) != out.width || static_cast<int>(image.output_height) != out.height) {
    std::snprintf(session.message, sizeof session.message, "two sizes are given");
    return false;
  }
  const std::size_t stride = std::size_t{3} * image.output_width;
  while (image.output_scanline < image.output_height) {
    std::uint8_t* target = out.rgb.data() + stride * image.output_scanline;
    JSAMPROW rows[] = {cmyk ? row : target};
    jpeg_read_scanlines(&image, rows, 1);
    if (cmyk) cmyk_to_rgb(row, target, image.output_width);
  }
  jpeg_finish_decompress(&image);
  return true;
}

}  // namespace

void decode_jpeg(std::string_view bytes, Pixels& out) {
  std::vector<JSAMPLE> row(std::size_t{4} * static_cast<std::size_t>(out.width));
  Session session{};
  session.image.err = jpeg_std_error(&session.errors);
  session.errors.error_exit = on_error;
  session.errors.emit_message = on_message;
  session.image.client_data = &session;
  const bool done = decode_into(session, bytes, out, row.data());
  jpeg_destroy_decompress(&session.image);  // harmless before the creation: the session starts as zeros
  if (!done) throw ImageError("JPEG: " + std::string(session.message));
}

}  // namespace torchport::datasets::images
