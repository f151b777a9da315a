// Carries out the jobs on standard input, one JSON object a line, and answers each with a line, for
// tests/datasets/transforms_test.py:
//   {"image": FILE, "transforms": LIST, "seed", "epoch", "index", "out": FILE}: writes raw RGB and says [width, height]
//   {"draw": NAME, "size": [height, width], "count": N, ...}: what N images (seed, epoch 0, index 0 ..) draw in the first operation
#include <iostream>

#include "datasets/transforms/draws.h"
#include "datasets/transforms/transformation.h"
#include "runtime/files/files.h"

using namespace torchport::datasets;
using nlohmann::json;

namespace {

json numbers(const Box& box) { return {box.top, box.left, box.height, box.width}; }

json draw(const json& job, RandomStream& random) {
  const auto name = job["draw"].get<std::string>();
  const auto size_of = [&](const char* key) { return ImageSize{job[key][0].get<int>(), job[key][1].get<int>()}; };
  const ImageSize size = size_of("size");
  const auto interval = [&](const char* key) { return job[key].get<Arguments::Interval>(); };
  if (name == "chance") return random.chance(job["p"].get<double>());
  if (job.contains("p")) random.chance(job["p"].get<double>());  // as the operation does before it draws the rest
  if (name == "crop") return numbers(draw_crop(size, size_of("crop"), random));
  if (name == "resized_crop") return numbers(draw_resized_crop(size, interval("scale"), interval("ratio"), random));
  if (name == "erasing") {
    const auto box = draw_erasing(size, interval("scale"), interval("ratio"), random);
    return box ? numbers(*box) : json();
  }
  if (name == "jitter") {
    JitterRanges ranges;
    for (std::size_t k = 0; k < 4; ++k) ranges[k] = job["ranges"][k].get<Arguments::Interval>();
    const Jitter jitter = draw_jitter(ranges, random);
    return {jitter.order, {*jitter.factors[0], *jitter.factors[1], *jitter.factors[2], *jitter.factors[3]}};
  }
  if (name == "affine") {
    const AffineRanges ranges{interval("degrees"), interval("scale"), interval("translate"),
                              job["shear"].get<std::array<double, 4>>()};
    const Affine affine = draw_affine(ranges, size, random);
    return {affine.angle, affine.shift[0], affine.shift[1], affine.scale, affine.shear[0], affine.shear[1]};
  }
  if (name == "perspective") return draw_perspective(size, job["distortion"].get<double>(), random);
  throw std::runtime_error("unknown draw " + name);
}

json transform(const json& job) {
  Pixels pixels;
  decode(torchport::runtime::read_file(job["image"].get<std::string>(), 1 << 30), pixels);
  const auto transformation = Transformation::parse(job["transforms"].dump());
  transformation.apply(pixels, {job.value("seed", 1), job.value("epoch", 0), job.value("index", std::size_t{0})});
  torchport::runtime::FileWriter file(job["out"].get<std::string>());
  file.write(pixels.rgb.data(), pixels.rgb.size());
  file.close();
  return {pixels.width, pixels.height};
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const json job = json::parse(line);
    json answer;
    if (job.contains("draw")) {
      for (std::uint64_t i = 0; i < job["count"].get<std::uint64_t>(); ++i) {
        RandomStream random{job.value("seed", std::uint64_t{1}), 0, i, 0};
        answer.push_back(draw(job, random));
      }
    } else {
      try {
        answer = transform(job);
      } catch (const std::runtime_error& error) {
        answer = error.what();
      }
    }
    std::cout << answer << std::endl;
  }
}
