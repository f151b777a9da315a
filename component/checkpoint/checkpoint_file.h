// The folder of a checkpoint: the state of a training as safetensors and JSON, what must be the same for it to go on to the same
// bits, and a manifest of hashes, written last. Written by Saver, read at the start of a training that goes on.
#pragma once
#include <atomic>
#include <filesystem>
#include <map>
#include <string>

#include "component/training/state.h"

namespace torchport::component {

/// What decides on the bits of a training beside its state, in words: by name, e.g. "--learning-rate" or "processes".
using Conditions = std::map<std::string, std::string>;

struct Checkpoint {
  TrainingState state;
  Conditions conditions;
};

/// Whoever waits for a checkpoint no longer does.
struct GivenUp {};

/// Makes `folder` and its files, each flushed to the disk, SHA256SUMS last. \throws Error FailedToWriteOutputs; GivenUp soon after
/// `given_up` is set
void write_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint, const std::atomic<bool>& given_up);

/// The bytes of a checkpoint, for one rank to read and all to understand.
struct CheckpointBytes {
  std::string numbers, tensors;
};

/// Reads the files of a checkpoint and compares them with its hashes. \throws std::runtime_error with the reason
CheckpointBytes read_checkpoint(const std::filesystem::path& folder);

/// \throws std::runtime_error where a version of torchport wrote them that this one does not know
Checkpoint understand(CheckpointBytes bytes);

}  // namespace torchport::component
