#include "component/training/first_batch.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "component/training/recipe/mixup.h"
#include "component/training/recipe/progressive_size.h"
#include "datasets/codecs/jpeg_writer.h"
#include "datasets/codecs/png.h"
#include "runtime/files/files.h"
#include "runtime/text/base64.h"

namespace torchport::component {
namespace {

constexpr std::size_t kColumns = 4;  ///< of the sheet

datasets::ImageSize small_size(datasets::ImageSize size) {
  const double scale = std::min(1.0, static_cast<double>(FirstBatch::kLongestSide) / std::max(size.height, size.width));
  const auto scaled = [&](int length) { return std::max(1, static_cast<int>(std::lround(length * scale))); };
  return {scaled(size.height), scaled(size.width)};
}

}  // namespace

FirstBatch::FirstBatch(std::filesystem::path file, const TrainingData& data, const Device& device, runtime::Log& log,
                       std::function<void()> told)
    : file_(std::move(file)), data_(data), device_(device), log_(log), told_(std::move(told)) {}

void FirstBatch::begin(std::int64_t epoch, std::int64_t step) {
  if (stage_ != Stage::idle) return;
  std::error_code ignored;
  const bool there = (epoch > 1 || step > 1) && std::filesystem::exists(file_, ignored);
  stage_ = file_.empty() || there ? Stage::done : Stage::wanted;
  epoch_ = epoch;
  step_ = step;
  if (there) keep([] {});
}

void FirstBatch::keep(const std::function<void()>& make) {
  try {
    make();
    if (told_) told_();
  } catch (const std::exception& fault) {
    stage_ = Stage::done;
    log_.warning(std::string("The report will not show the first batch: ") + fault.what());
  }
}

// Shrunk where the training computes: that keeps the copy small.
void FirstBatch::offer(const StepBatch& batch, const StepInputs& inputs) {
  if (stage_ != Stage::wanted || inputs.images.size(0) == 0) return;
  batch_ = inputs.images.size(0);
  size_ = batch.size;
  mixed_ = batch.mixed;
  share_ = batch.numbers[StepInputs::kShare];
  const std::int64_t count = std::min(batch_, kMostImages);
  const auto some = [&](const at::Tensor& rows) { return rows.narrow(0, 0, count).clone(); };
  images_ = device_.fetch(resized(some(inputs.images).to(at::kFloat), small_size(size_)).permute({0, 2, 3, 1}).contiguous());
  labels_ = device_.fetch(some(inputs.labels));
  if (mixed_) previous_ = device_.fetch(some(previous_labels(inputs.labels)));
  stage_ = Stage::taken;
}

std::vector<datasets::Pixels> FirstBatch::pixels() {
  const at::Tensor images = images_.wait();
  const auto& [mean, std_dev] = data_.normalisation;
  const auto height = static_cast<int>(images.size(1)), width = static_cast<int>(images.size(2));
  const float* value = images.const_data_ptr<float>();
  std::vector<datasets::Pixels> pixels(static_cast<std::size_t>(images.size(0)));
  for (datasets::Pixels& image : pixels) {
    image.reset({height, width});
    for (std::size_t i = 0; i < image.rgb.size(); ++i) {
      const double share = static_cast<double>(*value++) * std_dev[i % 3] + mean[i % 3];
      image.rgb[i] = static_cast<std::uint8_t>(std::lround(255 * std::clamp(share, 0.0, 1.0)));
    }
  }
  return pixels;
}

std::string FirstBatch::record(const std::vector<datasets::Pixels>& images) {
  const auto category = [&](const at::Tensor& labels, std::size_t row) {
    return data_.train.categories()[static_cast<std::size_t>(labels.const_data_ptr<std::int64_t>()[row])].name;
  };
  nlohmann::json rows = nlohmann::json::array();
  for (std::size_t i = 0; i < images.size(); ++i) {
    nlohmann::json row = {{"category", category(labels_.wait(), i)},
                          {"jpeg", runtime::base64(datasets::encode_jpeg(images[i], kQuality))}};
    if (mixed_) {
      row["share"] = share_;
      row["blended_with"] = category(previous_.wait(), i);
    }
    rows.push_back(std::move(row));
  }
  const nlohmann::json record = {{"epoch", epoch_},        {"step", step_},        {"images_in_batch", batch_},
                                 {"height", size_.height}, {"width", size_.width}, {"images", rows}};
  return record.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

void FirstBatch::write() {
  if (stage_ != Stage::taken) return;
  stage_ = Stage::written;
  keep([&] {
    shown_ = pixels();
    runtime::write_file_atomically(file_, record(shown_));
  });
  for (HostCopy* const copy : {&images_, &labels_, &previous_}) *copy = HostCopy();
}

void FirstBatch::show(runtime::Events& events) {
  if (stage_ != Stage::written) return;
  stage_ = Stage::done;
  const std::function<std::string()> png = [&] { return contact_sheet(shown_, kColumns); };
  events.picture({"First training batch", png});
  shown_.clear();
}

std::string contact_sheet(const std::vector<datasets::Pixels>& pictures, std::size_t columns) {
  const datasets::Pixels& first = pictures.front();
  const std::size_t across = std::min(columns, pictures.size()), down = (pictures.size() + across - 1) / across;
  datasets::Pixels sheet;
  sheet.reset({first.height * static_cast<int>(down), first.width * static_cast<int>(across)});
  std::fill(sheet.rgb.begin(), sheet.rgb.end(), std::uint8_t{255});
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const int top = static_cast<int>(i / across) * first.height, left = static_cast<int>(i % across) * first.width;
    for (int y = 0; y < first.height; ++y)
      std::copy_n(pictures[i].rgb.begin() + static_cast<std::ptrdiff_t>(pictures[i].at(y, 0)), first.stride(),
                  sheet.rgb.begin() + static_cast<std::ptrdiff_t>(sheet.at(top + y, left)));
  }
  return datasets::encode_png(sheet.rgb, sheet.width, sheet.height, 3);
}

}  // namespace torchport::component
