// What the trainer is told: plain values without defaults, called as the spec's parameters where they are these.
// component/train_pytorch_model.cpp fills them in.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>

#include "component/training/precision.h"
#include "component/training/recipe/epoch_rules.h"
#include "component/training/recipe/schedule.h"
#include "component/training/thread_sizing.h"
#include "datasets/codecs/decode.h"
#include "datasets/directory/image_directory.h"
#include "datasets/loading/normalised.h"

namespace torchport::component {

/// What may be added to the contract's optimizer and schedule for a better result in the same time. With the spec's defaults a
/// training is the contract's, bit by bit.
struct Recipe {
  double label_smoothing;           ///< [0, 1); 0: none
  bool norm_weight_decay;           ///< whether norms and biases decay as all other parameters do
  std::int64_t accumulation_steps;  ///< batches from one change of the weights to the next
  double ema_decay;                 ///< [0, 1); 0: no average of the weights
  double progressive_resize;        ///< (0, 1], share of the images' edges in the first epoch; 1: full size throughout
  double mixup_alpha;               ///< 0: no mixup
  Decay decay;                      ///< of the learning rate
  bool balanced_sampling;           ///< each category as often, by datasets::balanced_order()
  double clip_gradient_norm;        ///< of an update, over all ranks; 0: not bounded
  bool sync_batch_norm;             ///< batch norms over the batches of all ranks
};

struct TrainerOptions {
  std::int64_t epochs;
  std::int64_t batch_size;     ///< images per process
  std::int64_t warmup_epochs;  ///< num_warmup_steps, which counts epochs
  double learning_rate;        ///< of one process; the trainer multiplies it by their number
  std::int64_t random_seed;
  StopRule early_stop;
  std::int64_t print_freq;  ///< iterations
  bool keep_best;           ///< else the last epoch's weights come out
  EpochMetric best_by;
  double max_bad_fraction;  ///< of the images of a dataset
  bool channels_last;
  Precision precision;
  Recipe recipe;
  bool cuda_graphs;  ///< on a device: whether an update is recorded and replayed as a whole
  LoaderThreads loader_threads;
  bool fast_decode;                        ///< of the training images; pixels differ a little
  std::size_t cache_memory;                ///< bytes for decoded images
  std::int64_t profile;                    ///< steps of the first epoch to be recorded; 0: none
  std::filesystem::path trace_file;        ///< what they are written to
  std::filesystem::path first_batch_file;  ///< what rank 0 shows of its first batch; "": nothing
  std::function<void()> first_batch_told;  ///< notes in the record of the run that it has that file; may be none
  double gpu_advice_seconds;               ///< a predicted training time above which one warning advises a GPU

  Schedule schedule(int world) const { return {learning_rate * world, epochs, warmup_epochs, recipe.decay}; }
};

/// What a training reads. Both datasets have the same categories and images of one size.
struct TrainingData {
  const datasets::ImageDirectory& train;
  const datasets::ImageDirectory& valid;
  datasets::ImageSize size;
  datasets::Normalisation normalisation;
  std::int64_t minimum_size;               ///< the smallest edge that the network takes, pixels
  std::vector<double> class_weights = {};  ///< of the training loss, with a mean of 1 over the images; empty: all weigh 1
};

}  // namespace torchport::component
