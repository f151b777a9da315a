// Which directories are outputs of a pipeline's steps, by where they lie. Called by the components that copy image files, which may
// link them there.
#pragma once
#include <filesystem>

#include "runtime/files/copy.h"

namespace torchport::runtime {

/// What the files of a step's `output`, still to be made, may share with those of its `input`: the inode where both are outputs of
/// pipelines that keep their runs in one folder (runs/<name>-<n>/<step>/outputs/<port>), where nothing writes to an output again;
/// else blocks. A change of a file there would show in both, and by its time in both fingerprints: no step would take it for what
/// it was.
Sharing sharing_of_outputs(const std::filesystem::path& input, const std::filesystem::path& output);

}  // namespace torchport::runtime
