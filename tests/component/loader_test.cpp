#include "datasets/loading/loader.h"

#include <ATen/Parallel.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>

#include <fstream>

#include "component/training/device.h"
#include "datasets/codecs/decode.h"
#include "datasets/codecs/png.h"
#include "datasets/loading/size_scan.h"
#include "datasets/transforms/apply_transformation.h"
#include "runtime/files/files.h"
#include "runtime/launch/processing_units.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;
using namespace torchport::datasets;

namespace {

LoaderOptions with(int threads, std::optional<std::int64_t> seed = std::nullopt, CacheBudget* cache = nullptr, bool fast = false) {
  return component::Device().loading({threads, {seed, fast, cache}});
}

// Loading in between what the consumer computes, on its threads, or beside it: which of them depends on how many threads compute.
struct ComputeThreads {
  const int before = at::get_num_threads();
  explicit ComputeThreads(int threads) { at::set_num_threads(threads); }
  ~ComputeThreads() { at::set_num_threads(before); }
};
const int kAll = runtime::processing_units();

ImageDirectory labelled() { return ImageDirectory::open(test::original("image_directory_labelled"), "training dataset"); }

std::vector<std::uint32_t> first_rows(std::uint32_t n) {
  std::vector<std::uint32_t> order(n);
  for (std::uint32_t i = 0; i < n; ++i) order[i] = i;
  return order;
}

// A copy of the recorded directory in which some image files hold other bytes.
struct Damaged {
  test::TemporaryFolder folder;
  std::filesystem::path root = folder / "images";
  explicit Damaged(const std::vector<std::size_t>& which, const std::string& bytes) {
    std::filesystem::copy(test::original("image_directory_labelled"), root, std::filesystem::copy_options::recursive);
    const auto images = labelled();
    for (const std::size_t i : which) {
      const auto path = root / std::string(images.file(i));
      std::filesystem::remove(path);
      runtime::FileWriter writer(path);
      writer.write(bytes);
      writer.finish();
    }
  }
};

// The recorded directory with a transformation that is applied when its images are read.
struct Carrying {
  test::TemporaryFolder folder;
  std::filesystem::path root = folder / "images";
  explicit Carrying(const std::string& transforms, const CarryOptions& how = {std::vector<ImageSize>(24, {64, 64})}) {
    carry_transformation(labelled(), Transformation::parse(transforms), root, how);
  }
};

}  // namespace

TEST_CASE("loader: an image that comes again in an epoch is transformed by other draws", "[loader]") {
  const Carrying carrying(R"([["RandomCrop", 20]])");
  const auto images = ImageDirectory::open(carrying.root, "training dataset");
  Loader loader(images, {20, 20}, with(2, 1));
  loader.begin(EpochOrder{{3, 3, 3}, {0, 1, 1}}, {3});
  const auto drawn = loader.next();
  loader.begin({3}, {1});
  const auto plain = loader.next();
  REQUIRE((drawn && plain));
  CHECK(drawn->images[0].equal(plain->images[0]));
  CHECK_FALSE(drawn->images[0].equal(drawn->images[1]));
  CHECK(drawn->images[1].equal(drawn->images[2]));
}

TEST_CASE("loader: a batch holds the images in order, as bytes in channels-last memory", "[loader]") {
  const auto images = labelled();
  Loader loader(images, {64, 64}, with(2));
  loader.begin({5, 0, 17}, {2, 3});
  const auto first = loader.next(), second = loader.next();
  REQUIRE((first && second));
  CHECK_FALSE(loader.next());
  CHECK(first->images.sizes() == at::IntArrayRef({2, 3, 64, 64}));
  CHECK(first->images.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(first->labels[0].item<std::int64_t>() == images.label(5));
  CHECK(second->labels[0].item<std::int64_t>() == images.label(17));
  Pixels pixels;
  decode(runtime::read_file(images.path(0), 1 << 30), pixels);
  const at::Tensor found = first->images[1];
  for (const auto& [y, x, c] : {std::tuple{0, 0, 0}, {31, 40, 1}, {63, 63, 2}}) {
    CHECK(found[c][y][x].item<int>() == pixels.rgb[static_cast<std::size_t>((y * 64 + x) * 3 + c)]);
  }
}

TEST_CASE("loader: threads do not change the batches", "[loader]") {
  const auto images = labelled();
  std::vector<std::vector<at::Tensor>> runs;
  for (const auto& [threads, computing] : {std::pair{1, kAll}, {4, kAll}, {3, 1}}) {
    const ComputeThreads compute(computing);
    Loader loader(images, {64, 64}, with(threads));
    runs.emplace_back();
    for (int pass = 0; pass < 2; ++pass) {
      loader.begin(first_rows(24), {7, 14, 21, 24});
      while (auto batch = loader.next()) runs.back().push_back(batch->images);
    }
  }
  REQUIRE(runs[0].size() == 8);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(at::equal(runs[0][i], runs[1][i]));
    CHECK(at::equal(runs[0][i], runs[2][i]));
  }
}

TEST_CASE("loader: more and fewer threads, in the middle of a pass, do not change the batches, and their work is counted",
          "[loader]") {
  const ComputeThreads beside(1);
  const auto images = labelled();
  const auto pass = [&](Loader& loader, const std::vector<int>& threads) {
    std::vector<at::Tensor> all;
    loader.begin(first_rows(24), {2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24});
    for (std::size_t i = 0;; ++i) {
      if (i < threads.size()) loader.use_threads(threads[i]);
      auto batch = loader.next();
      if (!batch) return all;
      all.push_back(batch->images);
    }
  };
  Loader fixed(images, {64, 64}, with(2)), changing(images, {64, 64}, with(2));
  const auto wanted = pass(fixed, {});
  for (const auto& threads : std::vector<std::vector<int>>{{7, 1, 3}, {1}, {4, 4, 2}}) {
    const auto found = pass(changing, threads);
    REQUIRE(found.size() == wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(at::equal(found[i], wanted[i]));
  }
  CHECK(changing.work().images == 3 * 24);
  CHECK(changing.work().seconds > 0);
  CHECK(fixed.work().images == 24);
}

TEST_CASE("loader: a pass can be given up for a new one", "[loader]") {
  const ComputeThreads compute(GENERATE(1, kAll));
  const auto images = labelled();
  Loader loader(images, {64, 64}, with(2));
  loader.begin(first_rows(24), {8, 16, 24});
  REQUIRE(loader.next());
  loader.begin({3}, {1});
  const auto batch = loader.next();
  REQUIRE(batch);
  CHECK(batch->labels[0].item<std::int64_t>() == images.label(3));
  CHECK_FALSE(loader.next());
}

TEST_CASE("loader: an unreadable image is named and replaced by the next readable one", "[loader]") {
  const ComputeThreads compute(GENERATE(1, kAll));
  const Damaged damaged({4, 5}, "not an image");
  const auto images = ImageDirectory::open(damaged.root, "training dataset");
  Loader loader(images, {64, 64}, with(2));
  loader.begin({4, 6, 5}, {3});
  const auto batch = loader.next();
  REQUIRE(batch);
  REQUIRE(batch->bad.size() == 2);
  CHECK(batch->bad[0].index == 4);
  CHECK(batch->bad[1].index == 5);
  CHECK_FALSE(batch->bad[0].reason.empty());
  CHECK(at::equal(batch->images[0], batch->images[1]));
  CHECK(at::equal(batch->images[2], batch->images[1]));
}

TEST_CASE("loader: no readable image at all is said with the reason of each, not a hang", "[loader]") {
  const ComputeThreads compute(GENERATE(1, kAll));
  std::vector<std::size_t> all(24);
  for (std::size_t i = 0; i < 24; ++i) all[i] = i;
  const Damaged damaged(all, "");
  const auto images = ImageDirectory::open(damaged.root, "training dataset");
  Loader loader(images, {64, 64}, with(2));
  loader.begin({0, 1}, {2});
  const auto batch = loader.next();
  REQUIRE(batch);
  CHECK(batch->none_readable);
  REQUIRE(batch->bad.size() == 2);
  CHECK(batch->bad[1].index == 1);
  CHECK_FALSE(batch->bad[1].reason.empty());
  CHECK(batch->images.sum().item<double>() == 0);
  CHECK(batch->labels.sum().item<double>() == 0);
}

TEST_CASE("loader: a carried transformation is drawn from seed, epoch and image, whatever the threads", "[loader]") {
  const Carrying carrying(R"([["Resize", 40], ["RandomCrop", 32], ["ColorJitter", {"hue": 0.5}]])");
  const auto images = ImageDirectory::open(carrying.root, "training dataset");
  const auto batches = [&](int threads, std::int64_t seed, std::int64_t epoch) {
    Loader loader(images, {32, 32}, with(threads, seed));
    loader.begin(first_rows(24), {7, 14, 21, 24}, epoch);
    std::vector<at::Tensor> all;
    while (auto batch = loader.next()) {
      CHECK(batch->bad.empty());
      all.push_back(batch->images);
    }
    return at::cat(all);
  };
  const at::Tensor one = batches(1, 5, 2);
  CHECK(at::equal(one, batches(4, 5, 2)));
  CHECK_FALSE(at::equal(one, batches(4, 5, 3)));
  CHECK_FALSE(at::equal(one, batches(4, 6, 2)));
  Loader loader(images, {32, 32}, with(2, 5));
  loader.begin({20, 3}, {2}, 2);  // the image counts, not its place in the batch
  CHECK(at::equal(loader.next()->images[1], one[3]));
}

TEST_CASE("loader: without a seed only what is left for inference is applied", "[loader]") {
  const Carrying carrying(R"([["Resize", 40], ["RandomCrop", 32], ["RandomVerticalFlip", 1]])");
  const auto images = ImageDirectory::open(carrying.root, "validation dataset");
  CHECK(scan_sizes(images, 0, 1, 2).size == ImageSize{40, 40});
  CHECK(scan_sizes(images, 0, 1, 2, true).size == ImageSize{32, 32});
  Loader loader(images, {40, 40}, with(2));
  loader.begin({1}, {1}, 3);
  const auto batch = loader.next();
  REQUIRE(batch->bad.empty());
  Pixels pixels;
  decode(runtime::read_file(images.path(1), 1 << 30), pixels);
  Transformation::parse(R"([["Resize", 40]])").apply(pixels, {});
  CHECK(batch->images[0][2][39][0].item<int>() == pixels.rgb[pixels.at(39, 0) + 2]);
}

TEST_CASE("size scan: an image too small for a carried crop is named", "[size_scan]") {
  const Carrying carrying(R"([["RandomCrop", 65]])");
  const auto scan = scan_sizes(ImageDirectory::open(carrying.root, "training dataset"), 0, 1, 2, true);
  REQUIRE(scan.bad.size() == 24);
  CHECK(scan.bad[0].reason == "RandomCrop: the image is 64 x 64, smaller than the crop of 65 x 65");
}

TEST_CASE("size scan: opens no file where sizes are noted, or the transformation gives one size", "[size_scan]") {
  const auto scan_unread = [](const char* transforms, const CarryOptions& how) {
    const Carrying carrying(transforms, how);
    const auto images = ImageDirectory::open(carrying.root, "training dataset");
    for (std::size_t i = 0; i < images.size(); ++i) {  // other bytes, unseen from outside
      const auto path = images.path(i);
      const auto time = std::filesystem::last_write_time(path);
      const auto size = std::filesystem::file_size(path);
      std::filesystem::remove(path);
      std::ofstream(path) << std::string(size, 'x');
      std::filesystem::last_write_time(path, time);
    }
    std::filesystem::remove(images.path(3));
    return scan_sizes(images, 0, 1, 2, true);
  };
  const CarryOptions noted{std::vector<ImageSize>(24, {64, 64})};
  for (const auto& [transforms, how, size] :
       std::vector<std::tuple<const char*, CarryOptions, ImageSize>>{{R"([["Pad", 1]])", noted, {66, 66}},
                                                                     {R"([["CenterCrop", 40]])", noted, {40, 40}},
                                                                     {R"([["CenterCrop", 40]])", {}, {40, 40}}}) {
    const auto scan = scan_unread(transforms, how);
    CHECK(scan.size == size);
    CHECK_FALSE(scan.different);
    REQUIRE(scan.bad.size() == 1);
    CHECK(scan.bad[0].index == 3);
    CHECK(scan.bad[0].reason == "No such file or directory");
    CHECK(scan.doubts.empty());
  }
  CHECK(scan_unread(R"([["Pad", 1]])", {}).bad.size() == 24);
}

TEST_CASE("size scan: what changed since its size was noted is read, and counted in words", "[size_scan]") {
  const Carrying carrying(R"([["Pad", 1]])");
  const auto images = ImageDirectory::open(carrying.root, "training dataset");
  std::filesystem::remove(images.path(9));
  std::ofstream(images.path(9)) << encode_png(std::vector<std::uint8_t>(30 * 20, 7), 30, 20, 1);
  const auto scan = scan_sizes(images, 0, 1, 2, true);
  CHECK(scan.different == 9u);
  CHECK(scan.different_size == ImageSize{22, 32});
  CHECK(scan.doubts == "The sizes noted in '" + (carrying.root / "_sizes.lst").string() +
                           "' are not used for 1 of 24 images: their files were changed or copied since.");
}

TEST_CASE("size scan: finds the common size from headers, whatever the share", "[size_scan]") {
  const auto images = labelled();
  for (const int world : {1, 2, 5}) {
    for (int rank = 0; rank < world; ++rank) {
      const auto scan = scan_sizes(images, rank, world, 2);
      CHECK(scan.first == static_cast<std::uint32_t>(rank));
      CHECK(scan.size == ImageSize{64, 64});
      CHECK_FALSE(scan.different);
      CHECK(scan.bad.empty());
    }
  }
}

TEST_CASE("size scan: names the first image of another size and the unreadable ones", "[size_scan]") {
  const std::vector<std::uint8_t> grey(30 * 20, 7);
  const Damaged other({9, 15}, encode_png(grey, 30, 20, 1));
  const auto images = ImageDirectory::open(other.root, "training dataset");
  std::filesystem::remove(images.path(3));
  const auto scan = scan_sizes(images, 0, 1, 3);
  REQUIRE(scan.different);
  CHECK(*scan.different == 9);
  CHECK(scan.different_size == ImageSize{20, 30});
  REQUIRE(scan.bad.size() == 1);
  CHECK(scan.bad[0].index == 3);
}
