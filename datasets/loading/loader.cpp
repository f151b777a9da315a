#include "datasets/loading/loader.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "datasets/loading/time_spent.h"
#include "datasets/trace.h"

namespace torchport::datasets {

namespace {

// Batches being filled at once: one that the consumer is about to take, one behind it, and one for threads that are ahead.
constexpr std::size_t kBatchesAhead = 3;

// Of a pass's filling in between: after so long it is decided whether files are slow.
constexpr double kTrialSeconds = 0.5;

struct Filling {
  Batch batch;
  std::size_t missing = 0;  // images that no thread has finished
};

}  // namespace

struct Loader::State {
  const ImageDirectory& images;
  const ImageSize size;
  ImageReader reader;

  std::mutex mutex;
  std::condition_variable work, ready;
  std::vector<std::uint32_t> order, draws;
  std::vector<std::size_t> ends;
  std::int64_t epoch = 0;
  std::size_t place = 0;       // in `order`: the next image to decode
  std::size_t filling = 0;     // the batch that `place` lies in
  std::size_t taken = 0;       // batches handed out
  std::deque<Filling> window;  // batches taken .. taken + window.size() - 1
  std::size_t busy = 0;        // threads at work on an image
  std::exception_ptr fault;
  bool stop = false;
  std::atomic<bool> none_readable = false;  // found in this pass: nobody tries all images again
  LoaderOptions options;
  bool in_between = false;  // in this pass, so far
  TimeSpent spent;
  Work work_done;  // by its own threads
  int active = 0;  // of its own threads
  std::vector<ImageReader::Scratch> scratches;
  std::vector<std::thread> threads;

  State(const ImageDirectory& i, ImageSize s, LoaderOptions o)
      : images(i), size(s), reader(i, s, o.reading), options(std::move(o)) {
    if (!options.memory) options.memory = [](at::IntArrayRef sizes, at::ScalarType type) { return at::empty(sizes, type); };
    use_threads(options.threads);
  }

  void use_threads(int count) {
    {
      const std::lock_guard lock(mutex);
      active = count;
    }
    while (static_cast<int>(threads.size()) < count) {
      const auto t = static_cast<int>(threads.size());
      threads.emplace_back([this, t] { run(t); });
      pthread_setname_np(threads.back().native_handle(), ("loader " + std::to_string(t)).c_str());
    }
    work.notify_all();
  }

  std::size_t begin_of(std::size_t k) const { return k == 0 ? 0 : ends[k - 1]; }

  Filling empty_batch(std::size_t k) const {
    const auto n = static_cast<std::int64_t>(ends[k] - begin_of(k));
    const std::int64_t h = size.height, w = size.width;
    Filling filled;
    filled.batch.images = options.memory({n, h, w, 3}, at::kByte).permute({0, 3, 1, 2});
    filled.batch.labels = options.memory({n}, at::kLong);
    filled.missing = static_cast<std::size_t>(n);
    return filled;
  }

  bool has_work() const { return place < order.size() && filling < taken + (in_between ? 1 : kBatchesAhead) && !fault; }

  void run(int thread) {
    ImageReader::Scratch scratch;
    std::unique_lock lock(mutex);
    for (;;) {
      work.wait(lock, [&] { return stop || (thread < active && !in_between && has_work()); });
      if (stop) return;
      const auto begun = std::chrono::steady_clock::now();
      try {
        load_next(lock, scratch);
        ++work_done.images;
        work_done.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
      } catch (...) {  // no memory for a batch
        fault = std::current_exception();
        ready.notify_all();
      }
    }
  }

  // The next image, into its batch; the lock is open meanwhile. \pre has_work()
  void load_next(std::unique_lock<std::mutex>& lock, ImageReader::Scratch& scratch) {
    while (window.size() <= filling - taken) window.push_back(empty_batch(taken + window.size()));
    Filling& target = window[filling - taken];  // stays put: a deque moves no element, and a batch with missing images is not taken
    const std::size_t row = place - begin_of(filling);
    const std::uint32_t index = order[place], draw = draws.empty() ? 0 : draws[place];
    if (++place == ends[filling]) ++filling;
    ++busy;
    lock.unlock();
    std::optional<BadImage> bad;
    std::exception_ptr thrown;
    try {
      bad = load(index, draw, scratch, target.batch, row);
    } catch (...) {
      thrown = std::current_exception();
    }
    lock.lock();
    --busy;
    if (thrown) fault = thrown;
    if (bad) target.batch.bad.push_back(std::move(*bad));
    target.batch.none_readable = target.batch.none_readable || none_readable;
    const bool is_full = --target.missing == 0, is_last = busy == 0 && place == order.size();
    if (is_full || is_last || thrown) ready.notify_all();  // for each image it would displace a thread from its core
  }

  // By the consumer's threads.
  void fill_in_between() {
    scratches.resize(static_cast<std::size_t>(at::get_num_threads()));
    at::parallel_for(0, at::get_num_threads(), 1, [&](std::int64_t thread, std::int64_t) {
      const TimeSpent before = TimeSpent::so_far();
      std::unique_lock lock(mutex);
      while (has_work()) load_next(lock, scratches[static_cast<std::size_t>(thread)]);
      spent.add_since(before);
    });
    const std::lock_guard lock(mutex);
    const bool mostly_waited = spent.wall > kTrialSeconds && spent.cpu < spent.wall / 2;
    in_between = !mostly_waited;
  }

  // Puts image `index`, or the next readable one, into row `row`. Says what was wrong with the former.
  std::optional<BadImage> load(std::uint32_t index, std::uint32_t draw, ImageReader::Scratch& scratch, Batch& batch,
                               std::size_t row) {
    std::optional<BadImage> bad;
    const std::size_t bytes = std::size_t{3} * static_cast<std::size_t>(size.height) * static_cast<std::size_t>(size.width);
    for (std::size_t tries = 0; tries < (none_readable ? 1 : images.size()); ++tries) {
      const auto i = static_cast<std::uint32_t>((index + tries) % images.size());
      try {
        reader.read(i, epoch, draw, scratch, batch.images.mutable_data_ptr<std::uint8_t>() + row * bytes);
        batch.labels.data_ptr<std::int64_t>()[row] = images.label(i);
        return bad;
      } catch (const std::runtime_error& error) {
        if (!bad) bad = BadImage{index, error.what()};
      }
    }
    none_readable = true;
    std::memset(batch.images.mutable_data_ptr<std::uint8_t>() + row * bytes, 0, bytes);
    batch.labels.data_ptr<std::int64_t>()[row] = 0;
    return bad;
  }
};

Loader::Loader(const ImageDirectory& images, ImageSize size, LoaderOptions options)
    : state_(std::make_unique<State>(images, size, std::move(options))) {}

Loader::~Loader() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->work.notify_all();
  for (auto& thread : state_->threads) thread.join();
}

void Loader::begin(EpochOrder order, std::vector<std::size_t> ends, std::int64_t epoch) {
  auto& s = *state_;
  {
    std::unique_lock lock(s.mutex);
    s.order.clear();
    s.place = 0;  // no thread takes more of the old pass
    s.ready.wait(lock, [&] { return s.busy == 0; });
    s.window.clear();
    s.filling = s.taken = 0;
    s.fault = nullptr;
    s.none_readable = false;
    s.order = std::move(order.images);
    s.draws = std::move(order.draws);
    s.ends = std::move(ends);
    s.epoch = epoch;
    s.in_between = s.options.in_between;
    s.spent = {};
  }
  s.work.notify_all();
}

Loader::Work Loader::work() const {
  const std::lock_guard lock(state_->mutex);
  return state_->work_done;
}

void Loader::use_threads(int count) { state_->use_threads(count); }

std::optional<Batch> Loader::next() {
  const Span waiting("wait for batch");
  auto& s = *state_;
  if (s.in_between) s.fill_in_between();
  std::unique_lock lock(s.mutex);
  if (s.taken == s.ends.size()) return std::nullopt;
  s.ready.wait(lock, [&] { return s.fault || (!s.window.empty() && s.window.front().missing == 0); });
  if (s.fault) std::rethrow_exception(s.fault);
  Batch batch = std::move(s.window.front().batch);
  s.window.pop_front();
  ++s.taken;
  lock.unlock();
  s.work.notify_all();
  std::sort(batch.bad.begin(), batch.bad.end(), [](const BadImage& a, const BadImage& b) { return a.index < b.index; });
  return batch;
}

}  // namespace torchport::datasets
