// How fast the data path is without a network: decoding, decoding and transforming, and the loader, on an image directory
// that carries a random transformation to 224 x 224.
//   data_path FOLDER THREADS SECONDS
// prints one JSON line a row: {"row", "images_per_second", "cpu_ms"}; tests/bench/data.py makes a table of them.
#include <ATen/Parallel.h>

#include <iostream>

#include "component/training/device.h"
#include "component/worker/memory.h"
#include "datasets/loading/loader.h"
#include "datasets/sampler.h"
#include "runtime/files/files.h"
#include "tests/bench/programs/clocks.h"

using namespace torchport::datasets;
using torchport::bench::cpu_seconds, torchport::bench::wall_seconds;

namespace {

constexpr ImageSize kSize{224, 224};
constexpr Normalisation kHalf = {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}};
constexpr std::size_t kBatch = 16;
constexpr std::size_t kPass = 4096;  // no more images of a pass: a large index has more than can be read here

/// Calls pass(n), which handles some images and says how many, for so long; the first call warms up.
template <class Pass>
void measure(const std::string& name, double seconds, Pass pass) {
  pass(std::int64_t{0});
  const double start = wall_seconds(), cpu = cpu_seconds();
  const auto since = [&] { return wall_seconds() - start; };
  std::size_t images = 0;
  for (std::int64_t n = 1; since() < seconds; ++n) images += pass(n);
  const auto count = static_cast<double>(images);
  const nlohmann::json row = {
      {"row", name}, {"images_per_second", count / since()}, {"cpu_ms", 1e3 * (cpu_seconds() - cpu) / count}};
  std::cout << row << std::endl;
}

void measure_reading(const ImageDirectory& images, double seconds) {
  Pixels pixels;
  const std::size_t count = std::min(images.size(), kPass);
  measure("decode, 1 thread", seconds, [&](std::int64_t) {
    for (std::size_t i = 0; i < count; ++i) decode(torchport::runtime::read_file(images.path(i), 1 << 30), pixels);
    return count;
  });
  for (const bool fast : {false, true}) {
    ImageReader reader(images, kSize, {1, fast, nullptr});
    ImageReader::Scratch scratch;
    std::vector<std::uint8_t> out(std::size_t{3} * kSize.height * kSize.width);
    measure(fast ? "transform fast, 1 thread" : "transform exact, 1 thread", seconds, [&](std::int64_t n) {
      for (std::size_t i = 0; i < count; ++i) reader.read(i, n, 0, scratch, out.data());
      return count;
    });
  }
}

void measure_loader(const ImageDirectory& images, const std::string& name, int threads, double seconds, bool fast,
                    std::size_t cache_bytes, std::optional<at::ScalarType> dtype) {
  CacheBudget cache(cache_bytes);
  Loader loader(images, kSize, torchport::component::Device().loading({threads, {1, fast, &cache}}));
  measure(name, seconds, [&](std::int64_t n) {
    auto order = permutation(images.size(), 1, n);
    order.resize(std::min(order.size(), kPass));
    std::vector<std::size_t> ends;
    for (std::size_t end = 0; end < order.size();) ends.push_back(end = std::min(end + kBatch, order.size()));
    loader.begin(order, ends, n);
    while (const auto batch = loader.next()) {
      if (!batch->bad.empty()) throw std::runtime_error(batch->bad[0].reason);
      if (dtype) normalised(batch->images, kHalf, *dtype, true);
    }
    return order.size();
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: data_path FOLDER THREADS SECONDS\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const int threads = std::stoi(argv[2]);
  const double seconds = std::stod(argv[3]);
  torchport::component::keep_freed_memory();  // as training does
  at::set_num_threads(1);                     // nothing computes here: the loader's threads have the cores
  const auto images = ImageDirectory::open(folder, "photos");
  measure_reading(images, seconds);
  const std::string at = ", " + std::to_string(threads) + " threads";
  measure_loader(images, "loader exact" + at, threads, seconds, false, 0, std::nullopt);
  measure_loader(images, "loader fast" + at, threads, seconds, true, 0, std::nullopt);
  measure_loader(images, "loader cached" + at, threads, seconds, false, std::size_t{1} << 40, std::nullopt);
  measure_loader(images, "loader exact, float32" + at, threads, seconds, false, 0, at::kFloat);
  measure_loader(images, "loader exact, bfloat16" + at, threads, seconds, false, 0, at::kBFloat16);
}
