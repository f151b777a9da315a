// One update of the weights on a device, in memory that is the same each time, so that all of it, from the bytes of its images to
// the weights, can be recorded in a graph and replayed. Called by the trainer where TrainingStep would be called on the host.
#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "component/collectives/reducer.h"
#include "component/cuda/graph.h"
#include "component/training/device.h"
#include "component/training/feed.h"
#include "component/training/step.h"
#include "runtime/control.h"
#include "runtime/report/log.h"

namespace torchport::component {

struct CapturedStepOptions {
  bool graphs;               ///< else each operation is started by itself
  std::size_t most_batches;  ///< of an update
  std::int64_t most_images;  ///< of a batch on this rank
  datasets::ImageSize size;  ///< of the loader's images
};

/// What a graph has recorded besides numbers and pixels: an update that differs in it needs another one.
struct UpdateKind {
  std::vector<std::int64_t> images;  ///< of each batch
  datasets::ImageSize size;
  std::vector<bool> mixed;
  bool average_begun = false;
  bool operator==(const UpdateKind&) const = default;
};

class CapturedStep {
 public:
  /// Updates of a kind before it is recorded: libraries choose their ways then, and memory comes to rest.
  static constexpr int kEager = 3;
  /// Graphs that are kept; one more, and the one that was not used for the longest time goes.
  static constexpr std::size_t kMostGraphs = 4;

  /// BatchFeed::inputs()
  using Prepare = std::function<StepInputs(const StepBatch& batch, const at::Tensor& numbers, const at::Tensor& key)>;

  /// Everything referred to must outlive it.
  CapturedStep(const CapturedStepOptions& options, TrainingStep& step, Prepare prepare, const Device& device, Reducer& reducer,
               runtime::Control& control, runtime::Log& log);

  /// An update is begin(), add() for each of its batches, whatever happens, and finish(). `whole`: all ranks have the usual number
  /// of batches and images, as they do again and again; alike on all.
  void begin(bool whole);
  void add(const StepBatch& batch);
  /// As TrainingStep::fail(). The batches are computed all the same, as on the other ranks.
  void fail() { failed_ = true; }
  /// As TrainingStep::finish(): by a replay where there is a graph, which is recorded where the kind has come often enough. Where
  /// that fails on any rank, a warning says why, and no graph is tried again.
  at::Tensor finish(double learning_rate, bool warming_up);
  /// Whether finish() met has_one_value_per_channel(), after which it did as fail() says.
  bool one_value_per_channel() const { return one_value_; }

  std::int64_t replays() const { return replays_; }
  std::int64_t recordings() const { return recordings_; }

 private:
  struct Entry {
    UpdateKind kind;
    int seen = 0;
    std::unique_ptr<cuda::Graph> graph;
    std::vector<const void*> addresses;  // TrainingStep's
    RecordedSums sums;
    at::Tensor statistics;
    std::int64_t used = 0;
  };
  void bring_numbers(double learning_rate);
  UpdateKind kind() const;
  Entry& entry_of(const UpdateKind& kind);
  at::Tensor compute(bool warming_up);
  bool record(Entry& entry, bool warming_up);
  void make_room();
  void let_go(Entry& entry);
  bool agree(const std::string& reason, const UpdateKind& kind);

  const CapturedStepOptions options_;
  TrainingStep& step_;
  const Prepare prepare_;
  const Device& device_;
  Reducer& reducer_;
  runtime::Control& control_;
  runtime::Log& log_;
  bool graphs_;
  std::vector<at::Tensor> images_, labels_;    // of each batch: uint8 [most_images, H, W, 3], int64 [most_images]
  at::Tensor block_;                           // int64: what bring_numbers() copies, of which the next ones are views
  at::Tensor keys_, learning_rate_, numbers_;  // int64 [most_batches], float32 [], float32 [most_batches, kNumbers]
  std::vector<StepBatch> batches_;             // of the update under way; images and labels are views of the above
  bool whole_ = false, failed_ = false, one_value_ = false;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::int64_t updates_ = 0, replays_ = 0, recordings_ = 0;
};

}  // namespace torchport::component
