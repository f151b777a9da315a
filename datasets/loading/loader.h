// Images of an ImageDirectory as batches of tensors, read and decoded by threads of this process: ahead by its own, or in between
// by those of its consumer. The batches are the same whatever the threads; used by the trainer, by validation and by scoring.
#pragma once
#include <ATen/core/Tensor.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "datasets/balanced_order.h"
#include "datasets/codecs/decode.h"
#include "datasets/directory/image_directory.h"
#include "datasets/loading/image_reader.h"
#include "datasets/loading/normalised.h"

namespace torchport::datasets {

/// An image that could not be used, and why.
struct BadImage {
  std::uint32_t index = 0;
  std::string reason;
};

/// Makes an empty contiguous tensor on the host.
using MakeTensor = std::function<at::Tensor(at::IntArrayRef sizes, at::ScalarType type)>;

struct LoaderOptions {
  int threads;  ///< of its own
  ReaderOptions reading;
  /// Whether the consumer computes on all cores of its process. A thread at work on an image would then displace one of the
  /// consumer's threads, for which the others wait: so these fill a batch together when it is asked for, unless they would wait for
  /// files.
  bool in_between = false;
  MakeTensor memory = nullptr;  ///< of the batches; null: plain memory
};

struct Batch {
  at::Tensor images;           ///< uint8 [N, 3, H, W] in channels-last memory, for normalised()
  at::Tensor labels;           ///< int64 [N]
  std::vector<BadImage> bad;   ///< each was replaced by the next readable image (cyclically), label included
  bool none_readable = false;  ///< there is no readable image: rows of `bad` are black, with the label 0
};

/// Starts its threads once; they live until the loader goes. Not thread-safe itself: one consumer.
class Loader {
 public:
  /// `images` must outlive the loader. All images must be of `size`, after the directory's transformation where it carries one; one
  /// of another size counts as unreadable.
  Loader(const ImageDirectory& images, ImageSize size, LoaderOptions options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// Begins a pass: batch k holds the images order[ends[k-1]] .. order[ends[k] - 1]. Ends a pass that is under way. `epoch` counts
  /// from 0; with the seed, the image and its draw it decides on what a transformation draws.
  void begin(EpochOrder order, std::vector<std::size_t> ends, std::int64_t epoch = 0);
  void begin(std::vector<std::uint32_t> order, std::vector<std::size_t> ends, std::int64_t epoch = 0) {
    begin(EpochOrder{std::move(order), {}}, std::move(ends), epoch);
  }
  /// The next batch of the pass, or nothing after the last.
  std::optional<Batch> next();

  /// What its own threads did since the loader began.
  struct Work {
    double images = 0, seconds = 0;  ///< seconds of all threads, waiting for files included
  };
  Work work() const;
  /// So many threads of its own from now on. Those that are too many go on with their image, and rest then.
  void use_threads(int count);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace torchport::datasets
