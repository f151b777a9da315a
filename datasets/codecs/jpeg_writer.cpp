#include "datasets/codecs/jpeg_writer.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <memory>
// after <cstdio>, whose types it needs
#include <jpeglib.h>

namespace torchport::datasets {
namespace {

/// libjpeg reports by jumping out, which must not skip destructors: everything between setjmp and the jump is plain C data.
struct Session {
  jpeg_compress_struct jpeg;
  jpeg_error_mgr errors;
  std::jmp_buf back;
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  char message[JMSG_LENGTH_MAX] = {};
};

[[noreturn]] void on_error(j_common_ptr jpeg) {
  Session& session = *static_cast<Session*>(jpeg->client_data);
  (*jpeg->err->format_message)(jpeg, session.message);
  std::longjmp(session.back, 1);
}

void on_message(j_common_ptr) {}

/// Returns whether it went well; session.message says why not.
bool write(Session& session, const std::uint8_t* pixels, int width, int height, int quality) {
  if (setjmp(session.back)) return false;
  jpeg_create_compress(&session.jpeg);
  jpeg_mem_dest(&session.jpeg, &session.bytes, &session.size);
  session.jpeg.image_width = static_cast<JDIMENSION>(width);
  session.jpeg.image_height = static_cast<JDIMENSION>(height);
  session.jpeg.input_components = 3;
  session.jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults(&session.jpeg);
  jpeg_set_quality(&session.jpeg, quality, TRUE);
  jpeg_start_compress(&session.jpeg, TRUE);
  while (session.jpeg.next_scanline < session.jpeg.image_height) {
    auto* row = const_cast<JSAMPROW>(pixels + std::size_t{3} * static_cast<std::size_t>(width) * session.jpeg.next_scanline);
    jpeg_write_scanlines(&session.jpeg, &row, 1);
  }
  jpeg_finish_compress(&session.jpeg);
  return true;
}

}  // namespace

std::string encode_jpeg(const Pixels& pixels, int quality) {
  Session session;
  session.jpeg.err = jpeg_std_error(&session.errors);
  session.jpeg.client_data = &session;
  session.errors.error_exit = on_error;
  session.errors.output_message = on_message;
  const bool whole = write(session, pixels.rgb.data(), pixels.width, pixels.height, quality);
  jpeg_destroy_compress(&session.jpeg);
  const std::unique_ptr<unsigned char, decltype(&std::free)> owned(session.bytes, &std::free);
  if (!whole) throw ImageError(std::string("JPEG: ") + session.message);
  return {reinterpret_cast<const char*>(owned.get()), session.size};
}

}  // namespace torchport::datasets
