// How many threads a loader needs so that a GPU does not wait for images: the rate of the GPU over that of one thread, both
// measured. No clock of its own; called by StagedLoader, for training, validation and scoring.
#pragma once
#include <string>

#include "datasets/loading/loader.h"
#include "runtime/report/log.h"

namespace torchport::component {

/// The threads of a loader, as the user and this process have them.
struct LoaderThreads {
  int count;   ///< to begin with
  bool given;  ///< by the user, who gets as many throughout
  int most;    ///< processing units of this process
};

class ThreadSizing {
 public:
  /// `images`: what is loaded, as in "training images". `log` must outlive this.
  ThreadSizing(const LoaderThreads& threads, std::string images, runtime::Log& log);

  /// Whether it counts how long the GPU takes for the next batch. The first ones pay for choices, memory and graphs.
  bool wants_time() const;
  /// The batch was computed; `seconds`, where they count, from when all of it was on the GPU to when the last result was there.
  void computed(std::int64_t images, double seconds);
  /// Whether the GPU's rate is known.
  bool knows() const;

  /// The number of threads from now on. `so_far`: what the loader's threads did since they began. Says both rates with the first
  /// answer, and with each other one; where the GPU waits for images all the same, it warns, once.
  int threads_for(const datasets::Loader::Work& so_far);

 private:
  void tell(double of_thread, bool resized);

  LoaderThreads threads_;
  const std::string images_;
  runtime::Log& log_;
  int batches_ = 0;
  double of_gpu_ = 0;  // images per second
  datasets::Loader::Work before_;
  bool told_ = false, warned_ = false;
};

}  // namespace torchport::component
