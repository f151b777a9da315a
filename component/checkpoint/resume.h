// Where a training begins: at its beginning, or where a checkpoint of an earlier run stands. Called by Checkpoints, on all ranks.
#pragma once
#include <optional>
#include <string>

#include "component/checkpoint/checkpoint_file.h"
#include "component/checkpoint/options.h"
#include "runtime/request/context.h"

namespace torchport::component {

struct Resumed {
  TrainingState state;
  std::string from;  ///< the folder of the checkpoint
};

/// As `--resume` says; `now` is called on rank 0, for what must be the same. Rank 0 reads, and what it says goes for all.
/// Checkpoints in the run folder that come after where it begins are taken away: another run may have left them. \throws Error
/// CouldNotOpenFile.checkpoint*, FailedToCompleteOperation.other_training, the same on all ranks
std::optional<Resumed> resumed(const runtime::Context& ctx, const CheckpointOptions& options,
                               const std::function<Conditions()>& now);

}  // namespace torchport::component
