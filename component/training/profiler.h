// What each thread of a training does, and when, as a trace for Perfetto or chrome://tracing: the file of --profile.
// Called by the trainer; it observes LibTorch's operators and the spans of datasets/trace.h.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>

#include "runtime/report/log.h"

namespace torchport::component {

struct ProfilerOptions {
  std::int64_t steps;  ///< to be recorded of the first epoch, after those that warm up; 0: nothing is recorded, nothing written
  std::filesystem::path file;  ///< the trace, as JSON
  int rank;
};

/// Observes the whole process while it records: at most one instance at a time does.
class Profiler {
 public:
  Profiler(ProfilerOptions options, runtime::Log& log);
  ~Profiler();
  Profiler(const Profiler&) = delete;
  Profiler& operator=(const Profiler&) = delete;

  /// Before each step; all numbers count from 1. The thread that calls it is the trainer's.
  void before_step(std::int64_t epoch, std::int64_t step, std::int64_t steps_in_epoch);
  /// Around the validation of each epoch. After that of the first the trace is written. \throws Error FailedToWriteOutputs
  void before_validation();
  void after_validation();

 private:
  struct Recorder;
  void start();
  void stop();
  const ProfilerOptions options_;
  runtime::Log& log_;
  std::unique_ptr<Recorder> recorder_;  // absent where nothing is to be recorded; stays for as long as a thread may end a span
  bool done_;
};

}  // namespace torchport::component
