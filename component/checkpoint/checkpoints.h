// When a training saves its state and when it stops: at places between two updates that all ranks agree on. Asked and told by the
// trainer; made by component/train_pytorch_model.cpp before anything else, so that a signal finds it.
#pragma once
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "component/checkpoint/options.h"
#include "component/checkpoint/saver.h"
#include "component/training/trainer.h"
#include "runtime/launch/stop_request.h"
#include "runtime/request/context.h"

namespace torchport::component {

/// Saves after each validation, by rank 0's clock, and before it stops because of a signal to any rank. The training waits for a
/// copy in memory, and only where it stops for the disk.
class Checkpoints : public Boundary {
 public:
  /// Where checkpoints are off a signal ends the process, as in other components. \throws Error ParameterParsing.not_a_place,
  /// .stop_without_checkpoints
  Checkpoints(const runtime::Context& ctx, CheckpointOptions options);
  /// Lets the trainer go on from where an earlier one stood, if there is one. `conditions` is called on rank 0, perhaps by another
  /// thread. \throws Error as resumed()
  void begin(Trainer& trainer, std::function<Conditions(const std::atomic<bool>&)> conditions);
  Wishes wishes() override;
  bool waits_for(const std::string& place) const override { return options_.on && place == options_.stop_at; }
  bool reached(const Trainer& trainer, Place place, const Wishes& all) override;
  /// After a training that did not come to its end. \throws Error FailedToCompleteOperation.saved on all ranks alike, or why it
  /// could not be saved
  [[noreturn]] void stopped();
  /// After one that did: a signal stops nothing any more.
  void trained();
  /// The outputs are there: nothing is left to go on with.
  void finished();

 private:
  using Clock = std::chrono::steady_clock;
  void check_stop() const;
  void save(const Trainer& trainer);
  void told(int signal);

  const runtime::Context& ctx_;
  const CheckpointOptions options_;
  bool there_ = false;            // where options_.stop_at says
  std::unique_ptr<Saver> saver_;  // on rank 0
  Clock::time_point saved_ = Clock::now();
  std::optional<runtime::StopRequest> request_;
};

}  // namespace torchport::component
