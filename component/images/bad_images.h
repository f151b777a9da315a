// What happens to images that cannot be read: each is named in the log, counted over all ranks, and too many end the run.
// Used by the size check before the first epoch, by training, by validation and by scoring.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "component/training/state.h"
#include "datasets/directory/image_directory.h"
#include "datasets/loading/loader.h"
#include "runtime/error/error.h"
#include "runtime/report/log.h"

namespace torchport::component {

/// The unreadable images of one pass over one dataset. Every image is used once in a pass, so the count over ranks is exact.
class BadImages {
 public:
  /// `fate` ends the log line of a bad image: what happens in its place.
  BadImages(const datasets::ImageDirectory& images, double max_fraction, runtime::Log& log,
            std::string fate = "replaced by the next");
  void start_pass() { total_ = 0; }
  runtime::Log& log() const { return log_; }
  /// Names this rank's bad images in its log. With a fraction of 0 the first is the error that ends the run.
  std::optional<runtime::Error> report(std::span<const datasets::BadImage> bad);
  /// Adds those of all ranks. \throws Error UserError.too_many_bad_images on every rank alike
  void count(double bad_on_all_ranks);
  void write(TrainingState& state) const;
  void read(const TrainingState& state);

 private:
  const datasets::ImageDirectory& images_;
  std::string fate_;
  double max_fraction_, total_ = 0;
  runtime::Log& log_;
};

}  // namespace torchport::component
