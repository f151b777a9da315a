#include "component/images/loader_threads.h"

#include "runtime/launch/launched_as.h"

namespace torchport::component {

LoaderThreads loader_threads(const runtime::Context& ctx, std::int64_t count) {
  return {.count = static_cast<int>(count),
          .given = ctx.request.is_given("loader_threads"),
          .most = runtime::processing_units_of(runtime::launched_as(), ctx.control.local_size())};
}

}  // namespace torchport::component
