// A loader whose batches come to where they are computed with: on a device the next one is copied, on a stream of its own, while
// the device computes with this one. Used by BatchFeed, by validation and by scoring.
#pragma once
#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include <chrono>
#include <optional>
#include <vector>

#include "component/training/device.h"
#include "component/training/thread_sizing.h"
#include "datasets/loading/loader.h"

namespace torchport::component {

class StagedLoader {
 public:
  /// As the loader's; `options` are those for the host, and `device` adds its own. With `sizing`, which does nothing on the host,
  /// the loader's threads become as many as the device needs.
  StagedLoader(const datasets::ImageDirectory& images, datasets::ImageSize size, const datasets::LoaderOptions& options,
               const Device& device, std::optional<ThreadSizing> sizing = std::nullopt);
  ~StagedLoader();
  StagedLoader(const StagedLoader&) = delete;
  StagedLoader& operator=(const StagedLoader&) = delete;

  /// As the loader's.
  void begin(datasets::EpochOrder order, std::vector<std::size_t> ends, std::int64_t epoch = 0);
  void begin(std::vector<std::uint32_t> order, std::vector<std::size_t> ends, std::int64_t epoch = 0) {
    begin(datasets::EpochOrder{std::move(order), {}}, std::move(ends), epoch);
  }
  /// Begins to copy the batch after the present one, and waits for the loader where it is not ready: to be called when the device
  /// has something to do. For the few batches that are timed it waits for the device first. Nothing happens on the host.
  void prepare();
  /// The next batch of the pass, or nothing after the last. On a device its tensors are the device's, for what is computed next on
  /// the current stream, until next() is called once more.
  std::optional<datasets::Batch> next();

 private:
  /// Memory of one batch on the device.
  struct Slot {
    explicit Slot(c10::DeviceType type) : arrived(type), used(type) {}
    at::Tensor images, labels;  ///< of the largest batch: uint8 [N, H, W, 3], int64 [N]
    c10::Event arrived;         ///< on the copies' stream
    c10::Event used;            ///< on the stream of what was computed with it
  };
  /// What is on its way and what is computed with; the third is being given back.
  static constexpr std::size_t kSlots = 3;

  c10::Stream current() const;
  void make_room(std::int64_t images);
  void copy(datasets::Batch& batch, Slot& slot) const;
  void computed();
  void resize();

  const Device device_;
  const datasets::ImageSize size_;
  datasets::Loader loader_;
  std::optional<c10::Stream> copies_;  // none on the host, where there are no slots
  std::vector<Slot> slots_;
  std::size_t next_ = 0;    // slot
  Slot* in_use_ = nullptr;  // by what is computed
  std::optional<datasets::Batch> staged_;
  std::optional<ThreadSizing> sizing_;
  std::chrono::steady_clock::time_point begun_;  // with the batch in use, where it is timed
  std::int64_t images_ = 0;                      // of it
};

}  // namespace torchport::component
