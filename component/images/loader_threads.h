// The parameter `loader_threads` of Train and Score, beside what this process has.
#pragma once
#include "component/training/thread_sizing.h"
#include "runtime/request/context.h"

namespace torchport::component {

/// `count`: its value.
LoaderThreads loader_threads(const runtime::Context& ctx, std::int64_t count);

}  // namespace torchport::component
