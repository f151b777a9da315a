#include "datasets/loading/pixel_cache.h"

#include <memory>

namespace torchport::datasets {
namespace {

constexpr std::size_t kPerAllocation = 32;  // an allocator's own share, rounding included

std::size_t table_bytes(std::size_t images) { return images * sizeof(void*) + kPerAllocation; }

}  // namespace

std::size_t PixelCache::bytes(ImageSize size) {
  return std::size_t{3} * static_cast<std::size_t>(size.height) * static_cast<std::size_t>(size.width) + sizeof(PartOfImage) +
         2 * kPerAllocation;
}

PixelCache::PixelCache(std::size_t images, CacheBudget* budget) : budget_(budget) {
  if (budget_ != nullptr && budget_->take(table_bytes(images))) slots_ = std::vector<std::atomic<const PartOfImage*>>(images);
}

PixelCache::~PixelCache() {
  if (!on()) return;
  for (const auto& slot : slots_) {
    const std::unique_ptr<const PartOfImage> kept(slot.load());
    if (kept) budget_->give_back(bytes(kept->pixels.size()));
  }
  budget_->give_back(table_bytes(slots_.size()));
}

const PartOfImage& PixelCache::keep(std::size_t image, PartOfImage pixels) {
  auto kept = std::make_unique<const PartOfImage>(std::move(pixels));
  const PartOfImage* before = nullptr;
  if (slots_[image].compare_exchange_strong(before, kept.get())) return *kept.release();
  give_up(kept->pixels.size());  // another thread was quicker: it read the image in place of an unreadable one
  return *before;
}

}  // namespace torchport::datasets
