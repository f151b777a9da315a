// Codes read in libjpeg's place against libjpeg's own reading: the same pixels, and of damaged files the same errors.
#include "datasets/codecs/jpeg_codes.h"

#include <catch2/catch.hpp>
#include <csetjmp>
#include <random>

#include "datasets/codecs/codecs.h"

using namespace torchport::datasets;
using namespace torchport::datasets::images;

namespace {

struct Kind {
  int channels = 3, across = 2, down = 2, quality = 90;  // `across` x `down` pixels share a sample of chroma
  unsigned restart_blocks = 0;
  bool own_tables = false;
};

constexpr int kWidth = 67, kHeight = 45;

std::string written(const Kind& kind) {
  jpeg_compress_struct image{};
  jpeg_error_mgr errors{};
  image.err = jpeg_std_error(&errors);
  jpeg_create_compress(&image);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&image, &bytes, &size);
  image.image_width = kWidth;
  image.image_height = kHeight;
  image.input_components = kind.channels;
  image.in_color_space = kind.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&image);
  jpeg_set_quality(&image, kind.quality, TRUE);
  image.comp_info[0].h_samp_factor = kind.across;
  image.comp_info[0].v_samp_factor = kind.down;
  image.restart_interval = kind.restart_blocks;
  image.optimize_coding = kind.own_tables ? TRUE : FALSE;
  jpeg_start_compress(&image, TRUE);
  std::mt19937 random(3);
  std::vector<JSAMPLE> row(static_cast<std::size_t>(kWidth * kind.channels));
  for (int y = 0; y < kHeight; ++y) {  // from flat to noisy, so that short and long codes come
    for (JSAMPLE& value : row)
      value = static_cast<JSAMPLE>(100 + y + static_cast<int>(random() % static_cast<unsigned>(3 * y + 1)));
    JSAMPROW rows[] = {row.data()};
    jpeg_write_scanlines(&image, rows, 1);
  }
  jpeg_finish_compress(&image);
  std::string result(reinterpret_cast<const char*>(bytes), size);
  jpeg_destroy_compress(&image);
  std::free(bytes);
  return result;
}

struct Session {
  jpeg_decompress_struct image;
  jpeg_error_mgr errors;
  std::jmp_buf give_up;
  char error[JMSG_LENGTH_MAX];
};

void on_error(j_common_ptr image) {
  auto& session = *static_cast<Session*>(image->client_data);
  image->err->format_message(image, session.error);
  std::longjmp(session.give_up, 1);
}

/// Reads all of an image by libjpeg, with `codes` in the place of its own reading if there are some; returns whether they were.
bool read(Session& session, const std::string& bytes, JpegCodes* codes, std::vector<std::uint8_t>& rgb) {
  jpeg_decompress_struct& image = session.image;
  image.err = jpeg_std_error(&session.errors);
  session.errors.error_exit = on_error;
  session.errors.emit_message = [](j_common_ptr common, int level) {
    if (level < 0) on_error(common);
  };
  image.client_data = &session;
  if (setjmp(session.give_up)) return false;
  jpeg_create_decompress(&image);
  jpeg_mem_src(&image, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&image, TRUE);
  image.out_color_space = JCS_RGB;
  jpeg_start_decompress(&image);
  if (codes != nullptr) codes->take_over(image);
  const bool taken_over = image.entropy == codes;
  while (image.output_scanline < image.output_height) {
    JSAMPROW rows[] = {rgb.data() + std::size_t{3} * kWidth * image.output_scanline};
    jpeg_read_scanlines(&image, rows, 1);
  }
  jpeg_finish_decompress(&image);
  return taken_over;
}

struct Result {
  bool taken_over = false;
  std::string error;
  std::vector<std::uint8_t> rgb = std::vector<std::uint8_t>(std::size_t{3} * kWidth * kHeight);
};

Result read(const std::string& bytes, JpegCodes* codes) {
  Session session{};
  Result result;
  result.taken_over = read(session, bytes, codes, result.rgb);
  result.error = session.error;
  jpeg_destroy_decompress(&session.image);
  return result;
}

void check_decoding(const std::string& bytes, const ImageHeader& header) {
  const Result wanted = read(bytes, nullptr);
  PartOfImage found;
  try {
    decode_jpeg(bytes, header, {0, 0, kHeight, kWidth}, {}, found);
    CHECK(wanted.error.empty());
    CHECK(found.pixels.rgb == wanted.rgb);
  } catch (const ImageError& error) {
    CHECK(error.what() == "JPEG: " + wanted.error);
  }
}

}  // namespace

TEST_CASE("jpeg_codes: images are those of libjpeg", "[jpeg]") {
  JpegCodes codes;
  for (const auto& [across, down] : {std::pair{1, 1}, std::pair{2, 1}, std::pair{1, 2}, std::pair{2, 2}}) {
    for (const int channels : {1, 3}) {
      for (const int quality : {20, 90, 100}) {
        for (const unsigned restart_blocks : {0u, 1u, 4u}) {
          for (const bool own_tables : {false, true}) {
            const std::string bytes = written({channels, across, down, quality, restart_blocks, own_tables});
            const Result wanted = read(bytes, nullptr), found = read(bytes, &codes);
            CHECK(found.error.empty());
            CHECK(found.taken_over);
            CHECK_FALSE(codes.left_off());
            CHECK(found.rgb == wanted.rgb);
          }
        }
      }
    }
  }
}

TEST_CASE("jpeg_codes: a damaged image is libjpeg's", "[jpeg]") {
  for (const unsigned restart_blocks : {0u, 2u}) {
    const std::string sound = written({.restart_blocks = restart_blocks});
    const ImageHeader header = read_header(sound);
    const std::size_t scan = sound.find("\xFF\xDA");
    REQUIRE(scan != std::string::npos);
    for (std::size_t at = scan + 14; at < sound.size(); ++at) {
      for (const int change : {1, 128, 255}) {
        std::string bytes = sound;
        bytes[at] = static_cast<char>(bytes[at] ^ change);
        check_decoding(bytes, header);
      }
      check_decoding(sound.substr(0, at), header);
    }
  }
}
