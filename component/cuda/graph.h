// Work of a device that is recorded once and then replayed as a whole: a graph of the module's, as an object. Used by CapturedStep.
#pragma once
#include <functional>
#include <stdexcept>

#include "component/cuda/plugin.h"

namespace torchport::cuda {

/// Why work could not be recorded. Nothing of it has been done then.
struct CannotRecord : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Graph {
 public:
  /// `plugin` must outlive it.
  explicit Graph(const Plugin& plugin) : plugin_(plugin) {}
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  /// Records what `work` gives to the current stream instead of doing it. `like` as Graphs::begin() has it, or null.
  /// \throws CannotRecord, also where `work` ends in an error of LibTorch's
  void record(const std::function<void()>& work, const Graph* like);
  /// \throws Error FailedToCompleteOperation.gpu
  void replay();

 private:
  const Plugin& plugin_;
  void* graph_ = nullptr;
};

}  // namespace torchport::cuda
