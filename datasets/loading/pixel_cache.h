// Decoded images that stay in memory, so that later epochs read and decode nothing. Used by ImageReader.
#pragma once
#include <atomic>
#include <cstddef>
#include <vector>

#include "datasets/codecs/decode.h"

namespace torchport::datasets {

/// Memory that the caches of a process share, first come, first served.
class CacheBudget {
 public:
  explicit CacheBudget(std::size_t bytes) : left_(bytes) {}
  bool take(std::size_t bytes) {
    std::size_t left = left_.load();
    while (left >= bytes) {
      if (left_.compare_exchange_weak(left, left - bytes)) return true;
    }
    return false;
  }
  void give_back(std::size_t bytes) { left_ += bytes; }
  std::size_t left() const { return left_; }

 private:
  std::atomic<std::size_t> left_;
};

/// The whole images of one directory, by their place in it. What has come in stays. Thread-safe.
class PixelCache {
 public:
  /// Keeps nothing without a budget, or where that has no room for the table of `images`. The budget must outlive the cache.
  PixelCache(std::size_t images, CacheBudget* budget);
  ~PixelCache();
  PixelCache(const PixelCache&) = delete;
  PixelCache& operator=(const PixelCache&) = delete;

  bool on() const { return !slots_.empty(); }
  /// The pixels of an image, or null. They stay until the cache goes.
  const PartOfImage* find(std::size_t image) const { return on() ? slots_[image].load(std::memory_order_acquire) : nullptr; }
  /// Takes the room for an image of a size, to be asked before it is decoded; then keep() or give_up() has to follow.
  bool reserve(ImageSize size) { return on() && budget_->take(bytes(size)); }
  void give_up(ImageSize size) { budget_->give_back(bytes(size)); }
  /// Takes in a whole image for which there is room, and returns it.
  const PartOfImage& keep(std::size_t image, PartOfImage pixels);

  /// What an image of a size takes, with what memory management needs for it.
  static std::size_t bytes(ImageSize size);

 private:
  CacheBudget* budget_;
  std::vector<std::atomic<const PartOfImage*>> slots_;
};

}  // namespace torchport::datasets
