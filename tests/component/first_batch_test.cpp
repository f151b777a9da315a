// What is shown of a training's first batch is what the network got, and showing it changes no bit of the training.
#include "component/training/first_batch.h"

#include <ATen/ops/from_blob.h>

#include "datasets/codecs/jpeg_writer.h"
#include "datasets/codecs/png.h"
#include "runtime/files/files.h"
#include "runtime/text/base64.h"
#include "tests/support/catch.h"
#include "tests/support/small_training.h"

using namespace torchport;
using component::FirstBatch;

namespace {

/// Keeps the first images that come to the network.
struct Watching : models::ClassifierModule {
  models::Classifier network;
  at::Tensor& seen;
  Watching(const models::Classifier& of, at::Tensor& keep) : network(register_module("network", of)), seen(keep) {}
  at::Tensor forward(const at::Tensor& images) override {
    if (!seen.defined()) seen = images.detach().clone();
    return network->forward(images);
  }
};

struct Pictures : runtime::Sink {
  std::vector<std::string>& names;
  std::string& png;
  bool stepped = false;
  Pictures(std::vector<std::string>& all, std::string& last) : names(all), png(last) {}
  void step(const runtime::StepDone&) override { stepped = true; }
  void picture(const runtime::PictureMade& event) override {
    names.push_back(event.name + (stepped ? "" : " before its step"));
    png = event.png();
  }
};

/// Row `i` of what came to the network, whose images were normalised by 0.5 and 0.5, as pixels.
datasets::Pixels pixels_of(const at::Tensor& images, std::int64_t i) {
  const at::Tensor bytes =
      ((images[i].to(at::kDouble) * 0.5 + 0.5).clamp(0, 1) * 255).round().to(at::kByte).permute({1, 2, 0}).contiguous();
  datasets::Pixels pixels;
  pixels.reset({static_cast<int>(bytes.size(0)), static_cast<int>(bytes.size(1))});
  std::copy_n(bytes.const_data_ptr<std::uint8_t>(), pixels.rgb.size(), pixels.rgb.begin());
  return pixels;
}

nlohmann::json recorded(const std::filesystem::path& file) { return nlohmann::json::parse(runtime::read_file(file, 1 << 20)); }

void check_shown(const component::TrainerOptions& options) {
  runtime::WorldOfOne alone;
  const test::TemporaryFolder folder;
  test::SmallTraining with(alone), without(alone);
  with.options = without.options = options;
  with.options.first_batch_file = folder / "first.json";
  at::Tensor seen;
  with.in_its_place = [&](models::Classifier network) { return std::make_shared<Watching>(network, seen); };
  std::vector<std::string> names;
  std::string png;
  with.told_to(std::make_unique<Pictures>(names, png));
  CHECK(with.at_once() == without.at_once());

  const auto record = recorded(folder / "first.json");
  CHECK(record.at("epoch") == 1);
  CHECK(record.at("step") == 1);
  CHECK(record.at("images_in_batch") == options.batch_size);
  CHECK(record.at("height") == seen.size(2));
  const auto images = datasets::ImageDirectory::open(test::original("image_directory_labelled"), "dataset");
  const auto name = [&](std::size_t place) { return images.categories()[static_cast<std::size_t>(images.label(place))].name; };
  const auto order = datasets::permutation(images.size(), options.random_seed, 0);
  const auto count = static_cast<std::size_t>(std::min(options.batch_size, FirstBatch::kMostImages));
  REQUIRE(record.at("images").size() == count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto& row = record.at("images")[i];
    CHECK(row.at("jpeg") ==
          runtime::base64(datasets::encode_jpeg(pixels_of(seen, static_cast<std::int64_t>(i)), FirstBatch::kQuality)));
    CHECK(row.contains("share") == (options.recipe.mixup_alpha > 0));
    if (options.recipe.balanced_sampling) continue;  // another order
    CHECK(row.at("category") == name(order[i]));
    const auto before = (i + static_cast<std::size_t>(options.batch_size) - 1) % static_cast<std::size_t>(options.batch_size);
    if (row.contains("share")) CHECK(row.at("blended_with") == name(order[before]));
  }
  CHECK(names == std::vector<std::string>{"First training batch"});
  datasets::Pixels sheet;
  datasets::decode(png, sheet);
  CHECK(sheet.width == 4 * seen.size(3));
  CHECK(sheet.height == static_cast<int>((count + 3) / 4) * seen.size(2));
  const datasets::Pixels second = pixels_of(seen, 1);
  CHECK(std::equal(second.rgb.begin(), second.rgb.begin() + static_cast<std::ptrdiff_t>(second.stride()),
                   sheet.rgb.begin() + static_cast<std::ptrdiff_t>(sheet.at(0, second.width))));
}

component::TrainerOptions one_epoch() {
  auto options = test::plain_options();
  options.epochs = 1;
  return options;
}

}  // namespace

TEST_CASE("first batch: it is what the network got, in float32 and bfloat16, in both layouts", "[first_batch]") {
  auto options = one_epoch();
  check_shown(options);
  options.precision = component::Precision::bfloat16;
  check_shown(options);
  options.channels_last = false;
  options.batch_size = 20;  // more than are shown
  check_shown(options);
}

TEST_CASE("first batch: it is blended and shrunk as the network's is", "[first_batch]") {
  auto options = one_epoch();
  options.recipe.mixup_alpha = 0.4;
  check_shown(options);
  options = test::rich_options();
  options.epochs = 2;
  check_shown(options);
}

TEST_CASE("first batch: rates are tried without it, and a training that goes on leaves the first one's", "[first_batch]") {
  runtime::WorldOfOne alone;
  const test::TemporaryFolder folder;
  test::SmallTraining training(alone);
  training.options = one_epoch();
  training.options.first_batch_file = folder / "first.json";
  int told = 0;
  training.options.first_batch_told = [&] { told += std::filesystem::exists(folder / "first.json"); };
  training.stopped_between_updates();
  CHECK(recorded(folder / "first.json").at("step") == 1);
  CHECK(told > 1);  // each attempt notes that it has one
  training.options.first_batch_file = folder / "in no folder" / "first.json";
  training.at_once();  // a picture is not worth a training
  CHECK(training.logged().find("The report will not show the first batch: ") != std::string::npos);
}

TEST_CASE("first batch: images that are larger than what is kept are shrunk, in their proportions", "[first_batch]") {
  const test::TemporaryFolder folder;
  runtime::Log log({folder / "log", false});
  const auto images = datasets::ImageDirectory::open(test::original("image_directory_labelled"), "dataset");
  const component::TrainingData data{images, images, {200, 400}, {{0.25, 0.5, 0.75}, {0.5, 0.25, 0.125}}, 1};
  const component::Device host;
  FirstBatch first(folder / "first.json", data, host, log);
  component::StepBatch batch;
  batch.size = {200, 400};
  batch.numbers.fill(0);
  component::StepInputs inputs;
  inputs.images = at::tensor({-0.5F, 0.0F, 2.0F}).view({1, 3, 1, 1}).expand({2, 3, 200, 400});  // black, half, white
  inputs.labels = at::tensor({std::int64_t{0}, std::int64_t{1}});
  first.offer(batch, inputs);  // before begin(): nothing
  first.begin(2, 5);
  first.offer(batch, inputs);
  first.write();
  const auto record = recorded(folder / "first.json");
  CHECK(record.at("epoch") == 2);
  CHECK(record.at("step") == 5);
  CHECK(record.at("width") == 400);
  datasets::Pixels flat;
  flat.reset({48, 96});
  for (std::size_t i = 0; i < flat.rgb.size(); ++i) flat.rgb[i] = std::array<std::uint8_t, 3>{0, 128, 255}[i % 3];
  CHECK(record.at("images")[1].at("jpeg") == runtime::base64(datasets::encode_jpeg(flat, FirstBatch::kQuality)));
  FirstBatch again(folder / "first.json", data, host, log);
  again.begin(1, 2);  // of a training that goes on
  inputs.labels = at::tensor({std::int64_t{2}, std::int64_t{2}});
  again.offer(batch, inputs);
  again.write();
  CHECK(recorded(folder / "first.json") == record);
}
