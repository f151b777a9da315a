// Which images make up which batch: one order an epoch, a permutation or a balanced choice, cut into global batches, of which every
// rank takes its slice. A function of (seed, epoch, step, rank) alone, so that any step can be sought without replaying the ones
// before it.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace torchport::datasets {

/// One rank's rows of one global batch: places [begin, end) of the epoch's permutation.
struct Slice {
  std::size_t begin = 0, end = 0;
  std::size_t global = 0;  ///< images in the global batch, over all ranks
  std::size_t size() const { return end - begin; }
};

/// The slice of `rank` when `count` rows from `first` on are shared out evenly.
Slice share(std::size_t first, std::size_t count, int rank, int world);

/// The batches of one epoch. Every row is used once; all ranks make the same number of steps. The last global batch may be smaller,
/// but where it would leave a rank fewer than two images (batch norm needs two) it joins the one before.
class BatchPlan {
 public:
  /// \pre batch_size * world <= rows
  BatchPlan(std::size_t rows, std::size_t batch_size, int rank, int world);
  std::size_t steps() const { return steps_; }
  Slice slice(std::size_t step) const;
  /// Images of a step over all ranks, but for the last.
  std::size_t global_batch() const { return global_batch_; }

 private:
  std::size_t rows_, global_batch_, steps_;
  int rank_, world_;
};

/// The order of the rows in `epoch`: a uniform permutation of 0 .. rows-1, the same on every machine and standard library.
std::vector<std::uint32_t> permutation(std::size_t rows, std::int64_t seed, std::int64_t epoch);

}  // namespace torchport::datasets
