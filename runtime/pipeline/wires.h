// The wires between steps: whether they lead somewhere and fit, and in which order the steps can run. Called by the reader.
#pragma once
#include "runtime/error/error.h"
#include "runtime/pipeline/pipeline.h"

namespace torchport::runtime {

/// Whether the output type `from` may enter the input type `to` (spec/types.yaml).
bool fits(const DirectoryTypeSpec& from, const DirectoryTypeSpec& to);

/// Checks all wires and puts the steps into the order in which they can run.
void connect(Pipeline& pipeline, Problems& problems);

}  // namespace torchport::runtime
