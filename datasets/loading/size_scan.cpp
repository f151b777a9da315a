// The sizes of all images from their headers alone, before the first epoch: a batch is one tensor.
#include <algorithm>
#include <mutex>
#include <thread>

#include "datasets/codecs/header.h"
#include "datasets/loading/loader.h"

namespace torchport::datasets {

namespace {

struct Finding {
  std::uint32_t index;
  ImageSize size;
};

}  // namespace

SizeScan scan_sizes(const ImageDirectory& images, int rank, int world, int threads, bool augmented) {
  std::mutex mutex;
  std::vector<Finding> firsts;  // for each thread: its first readable image, and its first of another size
  SizeScan scan;
  const std::optional<Transformation> transformation = carried(images, augmented);
  const auto run = [&](std::size_t first, std::size_t stride) {
    std::vector<Finding> mine;
    std::vector<BadImage> bad;
    for (std::size_t i = first; i < images.size(); i += stride) {
      try {
        const ImageHeader header = read_file_header(images.path(i));
        ImageSize size{header.height, header.width};
        if (transformation) size = transformation->size(size);
        if (mine.empty() || (mine.size() == 1 && mine[0].size != size)) mine.push_back({static_cast<std::uint32_t>(i), size});
      } catch (const std::runtime_error& error) {
        bad.push_back({static_cast<std::uint32_t>(i), error.what()});
      }
    }
    const std::lock_guard lock(mutex);
    firsts.insert(firsts.end(), mine.begin(), mine.end());
    scan.bad.insert(scan.bad.end(), bad.begin(), bad.end());
  };
  const auto stride = static_cast<std::size_t>(world) * static_cast<std::size_t>(threads);
  std::vector<std::thread> pool;
  for (int t = 0; t < threads; ++t)
    pool.emplace_back(run, static_cast<std::size_t>(rank) + static_cast<std::size_t>(t * world), stride);
  for (auto& thread : pool) thread.join();

  std::sort(firsts.begin(), firsts.end(), [](const Finding& a, const Finding& b) { return a.index < b.index; });
  std::sort(scan.bad.begin(), scan.bad.end(), [](const BadImage& a, const BadImage& b) { return a.index < b.index; });
  if (!firsts.empty()) {
    scan.first = firsts[0].index;
    scan.size = firsts[0].size;
  }
  for (const Finding& finding : firsts) {
    if (finding.size != scan.size && !scan.different) {
      scan.different = finding.index;
      scan.different_size = finding.size;
    }
  }
  return scan;
}

}  // namespace torchport::datasets
