// From files to the network's numbers: what is left out, kept or decoded quicker must not show in the batches, or no more than
// stated.
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>

#include "component/training/device.h"
#include "datasets/loading/loader.h"
#include "datasets/transforms/apply_transformation.h"
#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/paths.h"

using namespace torchport;
using namespace torchport::datasets;

namespace {

constexpr std::uint32_t kImages = 24;
constexpr const char* kCrop = R"([["RandomResizedCrop", {"size": 24, "scale": [0.3, 1]}], ["RandomHorizontalFlip", 0.5]])";
constexpr const char* kMore =
    R"([["Resize", 50], ["RandomCrop", 24], ["RandomHorizontalFlip", 0.5], ["ColorJitter", {"hue": 0.2}]])";

// The recorded directory, mostly JPEG of 64 x 64, with a transformation that is applied when its images are read.
struct Carrying {
  test::TemporaryFolder folder;
  std::filesystem::path root = folder / "images";
  explicit Carrying(const char* transforms) {
    const auto plain = ImageDirectory::open(test::original("image_directory_labelled"), "training dataset");
    carry_transformation(plain, Transformation::parse(transforms), root);
  }
  ImageDirectory open() const { return ImageDirectory::open(root, "training dataset"); }
};

struct Reading {
  int threads = 2;
  std::size_t cache = 0;
  bool fast = false;
};

// All images of some epochs, one after another, by one loader.
at::Tensor batches(const ImageDirectory& images, Reading reading, int epochs) {
  CacheBudget cache(reading.cache);
  Loader loader(images, {24, 24}, component::Device().loading({reading.threads, {5, reading.fast, &cache}}));
  std::vector<std::uint32_t> order(kImages);
  for (std::uint32_t i = 0; i < kImages; ++i) order[i] = i;
  std::vector<at::Tensor> all;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    loader.begin(order, {7, 14, 21, kImages}, epoch);
    while (auto batch = loader.next()) {
      CHECK(batch->bad.empty());
      all.push_back(batch->images);
    }
  }
  CHECK(cache.left() <= reading.cache);
  return at::cat(all);
}

// The same by decoding each image whole and applying one operation after another.
at::Tensor reference(const ImageDirectory& images, int epochs) {
  at::Tensor all = at::empty({epochs * kImages, 24, 24, 3}, at::kByte);
  auto* out = all.mutable_data_ptr<std::uint8_t>();
  for (int epoch = 0; epoch < epochs; ++epoch) {
    for (std::uint32_t i = 0; i < kImages; ++i, out += 24 * 24 * 3) {
      Pixels pixels;
      decode(runtime::read_file(images.path(i), 1 << 30), pixels);
      images.transformation()->apply(pixels, {5, epoch, i});
      std::copy(pixels.rgb.begin(), pixels.rgb.end(), out);
    }
  }
  return all.permute({0, 3, 1, 2});
}

}  // namespace

TEST_CASE("data path: windows, threads and the cache leave the batches as they are", "[data_path]") {
  constexpr std::size_t kSome = 9 * 64 * 64 * 3;
  for (const char* transforms : {kCrop, kMore}) {
    const Carrying carrying(transforms);
    const auto images = carrying.open();
    const at::Tensor wanted = reference(images, 3);
    for (const int threads : {1, 2, 4}) {
      for (const std::size_t cache : {std::size_t{0}, kSome, std::size_t{1} << 30}) {
        CHECK(at::equal(batches(images, {threads, cache, false}, 3), wanted));
      }
    }
  }
}

TEST_CASE("data path: fast decoding stays near the exact pixels, whatever the threads and the size of a cache", "[data_path]") {
  const Carrying carrying(kCrop);
  const auto images = carrying.open();
  const at::Tensor exact = batches(images, {2, 0, false}, 2).to(at::kFloat);
  for (const bool cached : {false, true}) {
    const std::size_t some = cached ? 100000 : 0, all = cached ? std::size_t{1} << 30 : 0;
    const at::Tensor one = batches(images, {1, some, true}, 2);
    CHECK(at::equal(one, batches(images, {4, all, true}, 2)));
    const at::Tensor off = (one.to(at::kFloat) - exact).abs();
    CHECK(off.mean().item<float>() < 4);
    CHECK(off.mean().item<float>() > 0);
  }
}

TEST_CASE("data path: what is in the cache is neither read nor decoded again", "[data_path]") {
  const Carrying carrying(kCrop);
  const auto images = carrying.open();
  CacheBudget cache(std::size_t{1} << 30);
  ImageReader reader(images, {24, 24}, {5, false, &cache});
  ImageReader::Scratch scratch;
  std::vector<std::uint8_t> out(24 * 24 * 3);
  reader.read(3, 0, 0, scratch, out.data());
  const std::size_t left = cache.left();
  std::filesystem::remove(images.path(3));
  reader.read(3, 1, 0, scratch, out.data());
  CHECK(cache.left() == left);
  CacheBudget none(0);
  ImageReader forgetful(images, {24, 24}, {5, false, &none});
  CHECK_THROWS(forgetful.read(3, 0, 0, scratch, out.data()));
}

TEST_CASE("data path: damage outside of the crop is found in every epoch", "[data_path]") {
  const Carrying carrying(R"([["RandomCrop", 24]])");
  const auto images = carrying.open();
  std::uint32_t jpeg = 0;
  while (read_header(runtime::read_file(images.path(jpeg), 1 << 30)).format != ImageFormat::jpeg) ++jpeg;
  const std::string bytes = runtime::read_file(images.path(jpeg), 1 << 30);
  std::filesystem::remove(images.path(jpeg));
  runtime::FileWriter writer(images.path(jpeg));
  writer.write(bytes.substr(0, bytes.size() - 20));
  writer.finish();
  Loader loader(images, {24, 24}, {2, {5, false, nullptr}});
  for (int epoch = 0; epoch < 6; ++epoch) {
    loader.begin({jpeg}, {1}, epoch);
    const auto batch = loader.next();
    REQUIRE(batch->bad.size() == 1);
    CHECK(batch->bad[0].index == jpeg);
  }
}

TEST_CASE("data path: a cache takes what it has room for, and no more", "[data_path]") {
  constexpr ImageSize kSize{10, 20};
  const std::size_t one = PixelCache::bytes(kSize);
  CHECK(one >= 600 + sizeof(PartOfImage));
  CacheBudget budget(2 * one + 500);
  {
    PixelCache cache(3, &budget);
    const auto image = [&](std::uint8_t value) {
      PartOfImage made{{}, {0, 0, 10, 20}, 1};
      made.pixels.reset(kSize);
      made.pixels.rgb.assign(600, value);
      return made;
    };
    REQUIRE(cache.reserve(kSize));
    cache.keep(1, image(7));
    REQUIRE(cache.reserve(kSize));
    CHECK_FALSE(cache.reserve(kSize));
    CHECK(cache.keep(1, image(8)).pixels.rgb[0] == 7);  // the first stays, and the second's room is free again
    CHECK(cache.reserve(kSize));
    cache.give_up(kSize);
    CHECK(cache.find(0) == nullptr);
    CHECK(cache.find(1)->pixels.rgb[599] == 7);
  }
  CHECK(budget.left() == 2 * one + 500);
  CacheBudget nothing(10);
  CHECK_FALSE(PixelCache(1000, &nothing).on());
}

TEST_CASE("normalised: (value / 255 - mean) / std in both layouts, and that rounded to bfloat16", "[data_path]") {
  const Normalisation normalisation = {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}};
  const at::Tensor bytes = at::empty({3, 97, 89, 3}, at::kByte);
  auto* value = bytes.mutable_data_ptr<std::uint8_t>();
  for (std::int64_t i = 0; i < bytes.numel(); ++i) value[i] = static_cast<std::uint8_t>(i * 37 % 251 + i % 5);
  const at::Tensor images = bytes.permute({0, 3, 1, 2});
  const at::Tensor plain = normalised(images, normalisation, at::kFloat, false);
  CHECK(plain.is_contiguous());
  for (const auto& [n, c, y, x] : {std::tuple{0, 0, 0, 0}, {1, 1, 50, 3}, {2, 2, 96, 88}}) {
    const auto k = static_cast<std::size_t>(c);
    const auto wanted = (images[n][c][y][x].item<float>() / 255.0F - static_cast<float>(normalisation.mean[k])) /
                        static_cast<float>(normalisation.std_dev[k]);
    CHECK(plain[n][c][y][x].item<float>() == wanted);
  }
  const at::Tensor last = normalised(images, normalisation, at::kFloat, true);
  CHECK(last.is_contiguous(at::MemoryFormat::ChannelsLast));
  CHECK(at::equal(last, plain));
  for (const bool channels_last : {false, true}) {
    const at::Tensor half = normalised(images, normalisation, at::kBFloat16, channels_last);
    CHECK(at::equal(half, plain.to(at::kBFloat16)));
  }
  CHECK_THROWS(normalised(plain, normalisation, at::kFloat, true));
}
