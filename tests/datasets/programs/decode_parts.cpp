// Decodes parts of JPEG files and compares them with the same parts of the whole image, for tests/datasets/decode_part_test.py.
// Each line of standard input is a JSON object {"image", "box": [top, left, height, width], "fast", "shrink", "to_the_end"}; the
// answer is
// {"off": greatest difference of a value, "decoded": pixels decoded} or {"error"}. With "shrink" nothing is compared.
#include <iostream>

#include "datasets/codecs/decode.h"
#include "runtime/files/files.h"

using namespace torchport::datasets;
using nlohmann::json;

namespace {

json answer(const json& job) {
  const std::string bytes = torchport::runtime::read_file(job["image"].get<std::string>(), 1 << 30);
  const ImageHeader header = read_header(bytes);
  const auto side = [&](std::size_t k) { return job["box"][k].get<int>(); };
  const Box box{side(0), side(1), side(2), side(3)};
  DecodeOptions options;
  options.fast = job.value("fast", false);
  options.shrink = job.value("shrink", 1);
  options.to_the_end = job.value("to_the_end", true);
  PartOfImage part, whole;
  decode_part(bytes, header, box, options, part);
  json told{{"decoded", part.box.height * part.box.width}, {"height", part.box.height}, {"width", part.box.width}};
  if (options.shrink > 1) return told;
  decode_part(bytes, header, {0, 0, header.height, header.width}, options, whole);
  int off = 0;
  for (int y = box.top; y < box.top + box.height; ++y) {
    for (int k = 3 * box.left; k < 3 * (box.left + box.width); ++k) {
      const auto found = part.pixels.rgb[part.pixels.at(y - part.box.top, 0) + static_cast<std::size_t>(k - 3 * part.box.left)];
      off = std::max(off, std::abs(int{found} - whole.pixels.rgb[whole.pixels.at(y, 0) + static_cast<std::size_t>(k)]));
    }
  }
  told["off"] = off;
  return told;
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    json told;
    try {
      told = answer(json::parse(line));
    } catch (const ImageError& error) {
      told["error"] = error.what();
    }
    std::cout << told << std::endl;
  }
}
