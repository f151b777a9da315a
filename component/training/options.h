// What the trainer is told: plain values without defaults. component/train_pytorch_model.cpp fills them from the spec's parameters.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "component/training/precision.h"
#include "component/training/recipe/recipe.h"

namespace torchport::component {

struct TrainerOptions {
  std::int64_t epochs;
  std::int64_t batch_size;  ///< images per process
  std::int64_t warmup_epochs;
  double learning_rate;  ///< of one process; the schedule multiplies it by the world size
  std::int64_t seed;
  std::int64_t patience;         ///< epochs
  std::int64_t print_frequency;  ///< iterations
  bool keep_best;                ///< else the last epoch's weights come out
  double max_bad_fraction;       ///< of the images of a dataset
  bool channels_last;
  Precision precision;
  Recipe recipe;
  int loader_threads;
  bool fast_decode;                  ///< of the training images; pixels differ a little
  std::size_t cache_memory;          ///< bytes for decoded images
  std::int64_t profile_steps;        ///< of the first epoch, to be recorded; 0: none
  std::filesystem::path trace_file;  ///< what they are written to
  double gpu_advice_seconds;         ///< a predicted training time above which one warning advises a GPU
};

}  // namespace torchport::component
