#include "datasets/codecs/opencv/imdecode.h"

#include <limits>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>

extern "C" {
extern const int torchport_module_version;
const int torchport_module_version = torchport::datasets::opencv::kVersion;
}

namespace torchport::datasets::opencv {
namespace {

cv::Mat decoded(const unsigned char* bytes, std::size_t size, int flags) {
  static const auto silence = cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  static_cast<void>(silence);
  if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) return {};
  const cv::Mat buffer(1, static_cast<int>(size), CV_8UC1, const_cast<unsigned char*>(bytes));  // only read
  try {
    return cv::imdecode(buffer, flags);
  } catch (const cv::Exception&) {  // its text names OpenCV's source files
    return {};
  }
}

}  // namespace

Imdecode torchport_imdecode(const unsigned char* bytes, std::size_t size, int width, int height, unsigned char* rgb) {
  const cv::Mat image = decoded(bytes, size, cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION);
  if (image.empty() || image.depth() != CV_8U || image.channels() != 3) return Imdecode::broken;
  if (image.cols != width || image.rows != height) return Imdecode::other_size;
  for (int y = 0; y < height; ++y) {
    const unsigned char* bgr = image.ptr<unsigned char>(y);  // blue, green, red
    for (int x = 0; x < width; ++x, bgr += 3, rgb += 3) {
      rgb[0] = bgr[2];
      rgb[1] = bgr[1];
      rgb[2] = bgr[0];
    }
  }
  return Imdecode::done;
}

}  // namespace torchport::datasets::opencv
