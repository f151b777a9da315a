// How the C library's allocator is set up for training. Called first thing by component/main.cpp, and by the benches of
// tests/bench.
#pragma once

namespace torchport::component {

/// Training frees and takes the same large buffers in each step: keeping them saves the page faults (docs/results.md). The few
/// above 32 MiB, the most that glibc allows here, still come and go, which keeps the peak low.
void keep_freed_memory();

}  // namespace torchport::component
