// How memory is taken and kept for training. Called first thing by component/worker/main.cpp, and by the benches of tests/bench.
#pragma once

namespace torchport::component {

/// Training frees and takes the same large buffers in each step: that they stay, and fit into each other's places, saves page
/// faults and a third of the memory (docs/results.md). Tensors on the CPU are aligned as c10's are.
void keep_freed_memory();

}  // namespace torchport::component
