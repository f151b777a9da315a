// What Evaluate Model asks of its inputs, as far as the schema tells: the columns of a labelled scored dataset.
#include "component/check.h"
#include "datasets/tables/scored_columns.h"

namespace torchport::component {

void evaluate_model(const runtime::Request& request, runtime::Problems& problems) {
  for (const char* const port : {"scored_dataset", "compared_dataset"}) {
    const auto path = request.inputs.find(port);
    if (path == request.inputs.end()) continue;
    problems.collect(
        [&] { datasets::check_scored(datasets::DataFrameDirectory::open(path->second, request.component->input(port)->what())); });
  }
}

}  // namespace torchport::component
