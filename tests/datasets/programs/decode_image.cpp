// Decodes each image file named on the command line: a line "WIDTH HEIGHT" and the raw RGB bytes, or a line "error REASON".
// tests/datasets/decode_test.py compares them with Pillow's.
#include "datasets/codecs/decode.h"

#include <cstdio>

#include "runtime/files/files.h"

int main(int argc, char** argv) {
  namespace datasets = torchport::datasets;
  datasets::Pixels pixels;
  for (int i = 1; i < argc; ++i) {
    try {
      datasets::decode(torchport::runtime::read_file(argv[i], 1 << 30), pixels);
      std::printf("%d %d\n", pixels.width, pixels.height);
      std::fwrite(pixels.rgb.data(), 1, pixels.rgb.size(), stdout);
    } catch (const datasets::ImageError& error) {
      std::printf("error %s\n", error.what());
    }
  }
}
