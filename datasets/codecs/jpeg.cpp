// JPEG through libjpeg-turbo, with the settings that Pillow uses (accurate DCT, smooth chroma upsampling), and of it the part that
// is wanted: rows above and below are read but not transformed, columns beside it are left out (FFCV and DALI do the same). libjpeg
// goes on after damage and only warns; here the first warning ends the decoding, so that no grey area passes for an image.
#include "datasets/codecs/jpeg.h"

#include <csetjmp>
#include <cstdio>  // jpeglib.h needs FILE

#include <jerror.h>
#include <jpeglib.h>

#include "datasets/codecs/reader.h"

namespace torchport::datasets::images {
namespace {

/// Real images have about ten scans; thousands of them in a small file would keep the decoder busy for minutes. Each passes over
/// the whole image, so that a large one may have fewer.
int most_scans(const jpeg_decompress_struct& image) {
  constexpr std::int64_t kMost = 100, kLeast = 30, kPixels = std::int64_t{1} << 30;  // pixels of all scans
  return static_cast<int>(std::clamp(kPixels / (std::int64_t{image.image_width} * image.image_height + 1), kLeast, kMost));
}

/// libjpeg reports by jumping out, which must not skip destructors: everything between setjmp and the jump is plain C data.
struct Session {
  jpeg_decompress_struct image;
  jpeg_error_mgr errors;
  jpeg_progress_mgr progress;
  std::jmp_buf give_up;
  bool in_header;  ///< before the first scan
  char message[JMSG_LENGTH_MAX];
};

Session& session_of(j_common_ptr image) { return *static_cast<Session*>(image->client_data); }

[[noreturn]] void on_error(j_common_ptr image) {
  Session& session = session_of(image);
  image->err->format_message(image, session.message);
  std::longjmp(session.give_up, 1);
}

void on_message(j_common_ptr image, int level) {
  if (level >= 0) return;  // a trace; negative levels are warnings about damage
  // Stray bytes between the segments of the header do no harm, nor a version of JFIF; after pixels such bytes are what is left of
  // them.
  const int what = image->err->msg_code;
  if (session_of(image).in_header && (what == JWRN_EXTRANEOUS_DATA || what == JWRN_JFIF_MAJOR)) return;
  on_error(image);
}

void on_progress(j_common_ptr image) {
  Session& session = session_of(image);
  const int most = most_scans(session.image);
  if (session.image.input_scan_number <= most) return;
  std::snprintf(session.message, sizeof session.message, "more than %d scans", most);
  std::longjmp(session.give_up, 1);
}

/// Pillow takes every four-channel JPEG for an inverted one, as Adobe's programs write them, and drops the profile.
void cmyk_to_rgb(const JSAMPLE* cmyk, std::uint8_t* rgb, JDIMENSION width) {
  for (JDIMENSION x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    const unsigned white = cmyk[3];
    for (int c = 0; c < 3; ++c) rgb[c] = static_cast<std::uint8_t>(white - share_of_255(255u - cmyk[c], white));
  }
}

/// The rows and columns of the smaller or whole image that are decoded, and where they end up.
struct Window {
  JDIMENSION left, width, top, rows;
};

/// Smooth upsampling looks at the neighbouring sample of chroma, which two pixels share, and takes the window's edge for the
/// image's.
constexpr int kMargin = 2;

/// `wanted` in pixels of the image made smaller, with a margin, as far as there is an image.
Window window_around(const Box& wanted, int shrink, const jpeg_decompress_struct& image) {
  const auto low = [&](int at) { return static_cast<JDIMENSION>(std::max(0, at / shrink - kMargin)); };
  const auto high = [&](int at, JDIMENSION end) {
    return std::min(static_cast<JDIMENSION>((at + shrink - 1) / shrink + kMargin), end);
  };
  Window window{low(wanted.left), 0, low(wanted.top), 0};
  window.width = high(wanted.left + wanted.width, image.output_width) - window.left;
  window.rows = high(wanted.top + wanted.height, image.output_height) - window.top;
  return window;
}

/// Whether a progressive image ends before its coefficients are precise: libjpeg then smooths over block borders, and a window
/// would show others.
bool smoothed(const jpeg_decompress_struct& image) {
  if (!image.progressive_mode || image.coef_bits == nullptr) return false;
  constexpr int kLooked = 10;  // as many coefficients as the smoothing makes up
  for (int c = 0; c < image.num_components; ++c) {
    for (int k = 0; k < kLooked; ++k) {
      if (image.coef_bits[c][k] != 0) return true;
    }
  }
  return false;
}

/// Reads the header and, of a progressive image, all the rest. Returns whether it went well; session.message says why not.
bool start(Session& session, std::string_view bytes, const ImageHeader& header, const Box& wanted, const DecodeOptions& options,
           Window& window) {
  jpeg_decompress_struct& image = session.image;
  if (setjmp(session.give_up)) return false;
  jpeg_create_decompress(&image);
  session.progress.progress_monitor = on_progress;
  image.progress = &session.progress;
  jpeg_mem_src(&image, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  session.in_header = true;
  jpeg_read_header(&image, TRUE);
  session.in_header = false;
  if (static_cast<int>(image.image_width) != header.width || static_cast<int>(image.image_height) != header.height) {
    std::snprintf(session.message, sizeof session.message, "two sizes are given");
    return false;
  }
  image.out_color_space = image.num_components == 4 ? JCS_CMYK : JCS_RGB;
  image.do_fancy_upsampling = options.fast ? FALSE : TRUE;
  image.scale_num = 1;
  image.scale_denom = static_cast<unsigned>(options.shrink);
  jpeg_start_decompress(&image);
  window = {0, image.output_width, 0, image.output_height};
  if (smoothed(image)) return true;
  window = window_around(wanted, options.shrink, image);
  if (window.width < image.output_width) jpeg_crop_scanline(&image, &window.left, &window.width);  // from a block's edge on
  if (window.top > 0) jpeg_skip_scanlines(&image, window.top);
  return true;
}

/// As many as chroma that is sampled twice as coarsely needs to make both rows of a pair in place.
constexpr JDIMENSION kRowsAtOnce = 2;

/// Reads the rows of the window, and the rest of the file if that is wanted. `row` has room for one row of four channels.
bool read_rows(Session& session, const Window& window, bool to_the_end, Pixels& out, JSAMPLE* row) {
  jpeg_decompress_struct& image = session.image;
  if (setjmp(session.give_up)) return false;
  const bool cmyk = image.out_color_space == JCS_CMYK;
  const JDIMENSION end = window.top + window.rows;
  JSAMPROW rows[kRowsAtOnce] = {row};
  while (image.output_scanline < end) {
    std::uint8_t* target = out.rgb.data() + out.stride() * (image.output_scanline - window.top);
    if (cmyk) {
      jpeg_read_scanlines(&image, rows, 1);
      cmyk_to_rgb(row, target, image.output_width);
      continue;
    }
    const JDIMENSION count = std::min(kRowsAtOnce, end - image.output_scanline);
    for (JDIMENSION k = 0; k < count; ++k) rows[k] = target + out.stride() * k;
    jpeg_read_scanlines(&image, rows, count);
  }
  if (end < image.output_height) {
    if (!to_the_end) return true;
    // To skip the last row as well would end the reading; up to it every block's code is still read, only not transformed.
    if (end + 1 < image.output_height) jpeg_skip_scanlines(&image, image.output_height - end - 1);
    rows[0] = row;
    jpeg_read_scanlines(&image, rows, 1);
  }
  jpeg_finish_decompress(&image);
  return true;
}

}  // namespace

void decode_jpeg(std::string_view bytes, const ImageHeader& header, const Box& wanted, const DecodeOptions& options,
                 PartOfImage& out) {
  Session session{};
  session.image.err = jpeg_std_error(&session.errors);
  session.errors.error_exit = on_error;
  session.errors.emit_message = on_message;
  session.image.client_data = &session;
  const struct Destroy {
    jpeg_decompress_struct& image;
    ~Destroy() { jpeg_destroy_decompress(&image); }  // harmless before the creation: the session starts as zeros
  } destroy{session.image};
  Window window{};
  bool done = start(session, bytes, header, wanted, options, window);
  if (done) {
    out.shrink = options.shrink;
    out.box = {static_cast<int>(window.top), static_cast<int>(window.left), static_cast<int>(window.rows),
               static_cast<int>(window.width)};
    out.pixels.reset(out.box.size());
    std::vector<JSAMPLE> row(std::size_t{4} * window.width);
    done = read_rows(session, window, options.to_the_end, out.pixels, row.data());
  }
  if (!done) throw ImageError("JPEG: " + std::string(session.message));
}

}  // namespace torchport::datasets::images
