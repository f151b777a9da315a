// What happens to images that cannot be read: each is named in the log, counted over all ranks, and too many end the run, as does a
// category of which nothing is left.
// Used by the size check before the first epoch, by training, by validation and by scoring.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "component/training/state.h"
#include "datasets/directory/image_directory.h"
#include "datasets/loading/loader.h"
#include "runtime/control.h"
#include "runtime/error/error.h"
#include "runtime/report/log.h"

namespace torchport::component {

/// What happens in a bad image's place.
enum class Fate { replaced, left_out };

/// The unreadable images of one pass over one dataset. Every image is used once in a pass, so the count over ranks is exact.
class BadImages {
 public:
  BadImages(const datasets::ImageDirectory& images, double max_fraction, runtime::Log& log, Fate fate = Fate::replaced);
  void start_pass();
  runtime::Log& log() const { return log_; }
  /// Names this rank's bad images in its log. With a fraction of 0 the first is the error that ends the run.
  /// Where no image of the dataset is readable, that is one whatever the fraction.
  std::optional<runtime::Error> report(std::span<const datasets::BadImage> bad, bool none_readable = false);
  /// Adds those of all ranks. \throws Error UserError.too_many_bad_images on every rank alike
  void count(double bad_on_all_ranks);
  /// After a pass, on all ranks. Where all images of a category were bad and left out, the log says so.
  /// \throws Error InvalidDataset.category_unreadable, alike, where they were replaced by those of other categories
  void check_categories(runtime::Control& control) const;
  void write(TrainingState& state) const;
  void read(const TrainingState& state);

 private:
  const datasets::ImageDirectory& images_;
  Fate fate_;
  double max_fraction_, total_ = 0;
  runtime::Log& log_;
  std::vector<double> of_categories_;  ///< of this rank; empty without labels
};

/// InvalidDataset.none_readable, which names one of them with its reason.
runtime::Error error_of_all(const datasets::ImageDirectory& images, const datasets::BadImage& first);

}  // namespace torchport::component
