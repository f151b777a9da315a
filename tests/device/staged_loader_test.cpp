// Batches on a device: those of the loader bit by bit, copied while the device computes, and in an order that events keep.
#include "component/training/staged_loader.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>

#include "runtime/files/files.h"
#include "tests/support/catch.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/paths.h"

using namespace torchport;
using test::fake_cuda::counts;

namespace {

const component::Device kDevice(c10::Device(c10::kCUDA, 0));
const datasets::LoaderOptions kOptions = {1, {std::nullopt, false, nullptr}};

struct Pass {
  std::vector<at::Tensor> images, labels;
  bool operator==(const Pass& other) const {
    const auto same = [](const auto& a, const auto& b) {
      return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                        [](const at::Tensor& x, const at::Tensor& y) { return x.equal(y); });
    };
    return same(images, other.images) && same(labels, other.labels);
  }
};

/// 24 images in batches of `size`, the last one smaller, all computed with before the next comes.
Pass pass(component::StagedLoader& loader, std::size_t size, bool prepared, std::int64_t epoch = 0) {
  std::vector<std::uint32_t> order(24);
  std::iota(order.begin(), order.end(), 0U);
  std::vector<std::size_t> ends;
  for (std::size_t done = 0; done < order.size();) ends.push_back(done = std::min(done + size, order.size()));
  loader.begin(order, ends, epoch);
  Pass pass;
  while (const auto batch = loader.next()) {
    pass.images.push_back(batch->images.add(1));  // as the network would, on the current stream
    pass.labels.push_back(batch->labels.add(1));
    if (prepared) loader.prepare();
  }
  for (auto* const tensors : {&pass.images, &pass.labels})
    for (at::Tensor& tensor : *tensors) tensor = tensor.cpu();
  return pass;
}

}  // namespace

TEST_CASE("staged loader: a device gets the host's batches, whoever waits for them", "[staged]") {
  const auto images = datasets::ImageDirectory::open(test::original("image_directory_labelled"), "dataset");
  component::StagedLoader host(images, {64, 64}, kOptions, component::Device()), device(images, {64, 64}, kOptions, kDevice);
  for (const std::size_t size : {std::size_t{5}, std::size_t{7}, std::size_t{3}}) {
    const Pass wanted = pass(host, size, true);
    CHECK(wanted.images.size() == (24 + size - 1) / size);
    CHECK(pass(device, size, true) == wanted);
    CHECK(pass(device, size, false) == wanted);
  }
}

TEST_CASE("staged loader: the host waits for nothing, and each batch is two copies", "[staged]") {
  const auto images = datasets::ImageDirectory::open(test::original("image_directory_labelled"), "dataset");
  component::StagedLoader device(images, {64, 64}, kOptions, kDevice);
  device.begin({0, 1, 2, 3, 4, 5, 6, 7}, {2, 4, 6, 8});
  test::fake_cuda::reset();
  std::vector<at::Tensor> computed;
  while (const auto batch = device.next()) {
    computed.push_back(batch->images.add(1));
    device.prepare();
  }
  CHECK(counts().waits.empty());
  CHECK(counts().to_device == 8);
  CHECK(counts().allocations == 4);  // the results: batches have their memory
  CHECK(computed.size() == 4);
}

TEST_CASE("staged loader: four batches are timed, for which the host waits, and then there are threads for the device's rate",
          "[staged]") {
  const auto images = datasets::ImageDirectory::open(test::original("image_directory_labelled"), "dataset");
  const test::TemporaryFolder folder;
  runtime::Log log({folder / "log", /*console=*/false});
  const auto sized = [&](const component::Device& where) {
    return std::make_unique<component::StagedLoader>(images, datasets::ImageSize{64, 64}, kOptions, where,
                                                     component::ThreadSizing({1, false, 3}, "images", log));
  };
  component::StagedLoader plain(images, {64, 64}, kOptions, kDevice);
  const auto device = sized(kDevice), host = sized(component::Device());
  const Pass wanted = pass(plain, 2, true);
  CHECK(pass(*host, 2, true) == wanted);
  CHECK(std::filesystem::file_size(folder / "log") == 0);  // the host decodes as before
  const auto waits = [&](std::size_t size) {
    test::fake_cuda::reset();
    const Pass found = pass(*device, size, true);
    const auto seen = counts().waits;
    CHECK(found == pass(plain, size, true));
    return std::count(seen.begin(), seen.end(), "an event");
  };
  CHECK(waits(4) == 2);  // six batches, the last of which is timed: until its images are there, and until it is computed
  CHECK(waits(4) == 6);
  CHECK(waits(4) == 0);
  const std::string said = runtime::read_file(folder / "log", 1 << 20);
  CHECK(said.find("The GPU takes ") != std::string::npos);
  CHECK(said.find(" of at most 3.") != std::string::npos);
}

TEST_CASE("staged loader: a pass that is broken off leaves nothing behind", "[staged]") {
  const auto images = datasets::ImageDirectory::open(test::original("image_directory_labelled"), "dataset");
  component::StagedLoader host(images, {64, 64}, kOptions, component::Device()), device(images, {64, 64}, kOptions, kDevice);
  device.begin({0, 1, 2, 3}, {2, 4});
  REQUIRE(device.next());
  device.prepare();
  CHECK(pass(device, 8, true) == pass(host, 8, true));
  device.begin({0, 1}, {2});
  device.prepare();  // and is let go with a batch on its way
}
