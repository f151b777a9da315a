#include "component/training/thread_sizing.h"

#include <algorithm>
#include <cmath>

#include "runtime/text/format.h"

namespace torchport::component {
namespace {

// Three batches before a graph is recorded, its recording, and cuDNN's trials.
constexpr int kWarmUpBatches = 5, kTimedBatches = 4;
// By which the threads together are faster than the GPU: images are not all alike, and threads disturb each other.
constexpr double kToSpare = 1.1;

std::string count_of(int threads) { return std::to_string(threads) + (threads == 1 ? " thread" : " threads"); }

}  // namespace

ThreadSizing::ThreadSizing(const LoaderThreads& threads, std::string images, runtime::Log& log)
    : threads_(threads), images_(std::move(images)), log_(log) {}

bool ThreadSizing::wants_time() const { return batches_ >= kWarmUpBatches && !knows(); }
bool ThreadSizing::knows() const { return batches_ >= kWarmUpBatches + kTimedBatches; }

// The fastest batch counts: the others were held up by something.
void ThreadSizing::computed(std::int64_t images, double seconds) {
  if (wants_time() && seconds > 0) of_gpu_ = std::max(of_gpu_, static_cast<double>(images) / seconds);
  if (!knows()) ++batches_;
}

// Threads become more with what a later pass finds, never fewer: resting ones cost nothing.
int ThreadSizing::threads_for(const datasets::Loader::Work& so_far) {
  const datasets::Loader::Work since{so_far.images - before_.images, so_far.seconds - before_.seconds};
  if (!knows() || of_gpu_ <= 0 || since.images <= 0 || since.seconds <= 0) return threads_.count;
  before_ = so_far;
  const double of_thread = since.images / since.seconds;
  const int needed = static_cast<int>(std::ceil(kToSpare * of_gpu_ / of_thread));
  const int before = threads_.count;
  if (!threads_.given) threads_.count = std::clamp(needed, told_ ? before : 1, threads_.most);
  const bool resized = threads_.count != before;
  tell(of_thread, resized);
  if (warned_ || of_thread * threads_.count >= of_gpu_) return threads_.count;
  warned_ = true;
  const bool by_choice = threads_.given && threads_.count < threads_.most;
  log_.warning("The GPU waits for " + images_ + runtime::formatted(": %.0f images/s are loaded with ", of_thread * threads_.count) +
               count_of(threads_.count) + ", " + std::to_string(needed) + " would be needed" +
               (by_choice ? "; without --loader-threads there are as many as needed, up to " + std::to_string(threads_.most)
                          : std::string()) +
               ".");
  return threads_.count;
}

void ThreadSizing::tell(double of_thread, bool resized) {
  if (told_ && !resized) return;
  told_ = true;
  log_.info(runtime::formatted("The GPU takes %.0f %s/s, and one thread loads %.0f: ", of_gpu_, images_.c_str(), of_thread) +
            count_of(threads_.count) +
            (threads_.given ? std::string(", as asked for.") : " of at most " + std::to_string(threads_.most) + "."));
}

}  // namespace torchport::component
