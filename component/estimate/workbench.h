// What the trials of one estimate share: their folder and limits, and what lies on each wire. Used by the methods of the steps.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "component/estimate/trial.h"

namespace torchport::component {

/// What lies on a wire, or comes from outside.
struct TrialPort {
  std::filesystem::path path;                       ///< what a trial reads; empty: the trial that would have made it was stopped
  std::optional<std::size_t> images, trial_images;  ///< in all, and in `path`
  double forward = 0;                               ///< of a trained model: seconds of one image's forward pass, where known
};

class Workbench {
 public:
  /// `most` images of an image directory go into a trial, which may take `limit` seconds.
  Workbench(const runtime::Host& host, std::size_t most, std::int64_t limit);

  std::size_t most_images() const { return most_; }
  std::int64_t limit() const { return limit_; }
  /// Seconds that every step takes to start.
  double start() const { return start_; }

  /// What enters a step. Of a large image directory from outside a sample is copied once.
  const TrialPort& input(const runtime::StepInput& given);
  const TrialPort& input(const runtime::Step& step, std::string_view port);
  /// What comes out of a step: filled in by its method.
  TrialPort& output(const runtime::Step& step, const std::string& port) { return ports_[step.name + "." + port]; }
  /// What there is already.
  TrialPort outside(const std::string& type, const std::filesystem::path& path);

  /// Tries a step with `values` in place of its own. \throws Error FailedToCompleteOperation.trial
  Trial attempt(const runtime::Step& step, const std::map<std::string, std::string>& values);

 private:
  const runtime::Host& host_;
  const std::size_t most_;
  const std::int64_t limit_;
  const double start_;
  const ScratchFolder scratch_;
  int samples_ = 0;
  std::map<std::string, TrialPort> ports_;  // by STEP.OUTPUT, or path and type
};

}  // namespace torchport::component
