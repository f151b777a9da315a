// A training's first batch as the network got it, for people to look at: cropped, flipped, blended, shrunk, and in the colours of
// before it was normalised. Filled and written by Updates on rank 0; the report of a run shows the file, trackers the picture.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "component/training/device.h"
#include "component/training/feed.h"
#include "component/training/options.h"
#include "datasets/codecs/decode.h"
#include "runtime/report/events.h"
#include "runtime/report/log.h"

namespace torchport::component {

class FirstBatch {
 public:
  static constexpr std::int64_t kMostImages = 16, kLongestSide = 96;  ///< of what is kept; pixels
  static constexpr int kQuality = 90;                                 ///< of its JPEGs

  /// `file`: what is written; "" for a rank that shows nothing. What a training that goes on finds there is of its first batch, and
  /// stays. `told`, where there is one, is called when the file is there. Everything else referred to must outlive it.
  FirstBatch(std::filesystem::path file, const TrainingData& data, const Device& device, runtime::Log& log,
             std::function<void()> told = {});

  /// The update that begins with the batch `step` of `epoch` comes next; both are counted from 1.
  void begin(std::int64_t epoch, std::int64_t step);
  /// `inputs` of `batch` are about to go into the network. Of the first that have images small copies are sent to the host, and
  /// nothing waits for them. Later ones cost nothing, and none is looked at before begin(), while learning rates are tried.
  void offer(const StepBatch& batch, const StepInputs& inputs);
  /// Writes the file once the copies are there, as they are when the batch's update has been read. Does nothing the next time. A
  /// file that cannot be written is a warning.
  void write();
  /// Hands sinks the picture of what write() wrote, once.
  void show(runtime::Events& events);

 private:
  std::vector<datasets::Pixels> pixels();
  std::string record(const std::vector<datasets::Pixels>& images);
  /// The file is there once `make` returns.
  void keep(const std::function<void()>& make);

  const std::filesystem::path file_;
  const TrainingData data_;
  const Device& device_;
  runtime::Log& log_;
  const std::function<void()> told_;
  std::int64_t epoch_ = 0, step_ = 0, batch_ = 0;  // of the batch; images in it on this rank
  datasets::ImageSize size_{};                     // of the network's images
  bool mixed_ = false;
  float share_ = 1;                      // that an image keeps where it is blended
  HostCopy images_, labels_, previous_;  // float32 [N, h, w, 3], int64 [N], previous_labels() [N] where images are blended
  enum class Stage { idle, wanted, taken, written, done } stage_ = Stage::idle;
  std::vector<datasets::Pixels> shown_;
};

/// Pictures of one size side by side, `columns` in a row, as a PNG. \pre there is one
std::string contact_sheet(const std::vector<datasets::Pixels>& pictures, std::size_t columns);

}  // namespace torchport::component
