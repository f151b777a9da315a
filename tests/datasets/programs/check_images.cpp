// Looks over each image file named on the command line as Convert does: a line "WIDTH HEIGHT ORIENTATION", "error REASON" for what
// the file is at fault for, or "machine REASON". tests/datasets/sound_test.py compares them with what decoding says.
#include <cstdio>
#include <system_error>

#include "datasets/codecs/orientation.h"
#include "datasets/codecs/sound.h"
#include "runtime/files/files.h"

int main(int argc, char** argv) {
  namespace datasets = torchport::datasets;
  for (int i = 1; i < argc; ++i) {
    try {
      const datasets::ImageHeader header = datasets::check_image_file(argv[i]);
      std::printf("%d %d %d\n", header.width, header.height,
                  datasets::exif_orientation(torchport::runtime::read_file(argv[i], datasets::kMaxImageFile)));
    } catch (const datasets::ImageError& error) {
      std::printf("error %s\n", error.what());
    } catch (const std::system_error& error) {
      std::printf("machine %s\n", error.code().message().c_str());
    }
  }
}
