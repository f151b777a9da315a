// What Evaluate Model asks of its input, as far as the schema tells: the columns of a labelled scored dataset.
#include "component/check.h"
#include "datasets/tables/scored_columns.h"

namespace torchport::component {

void evaluate_model(const runtime::Request& request, runtime::Problems& problems) {
  const auto path = request.inputs.find("scored_dataset");
  if (path == request.inputs.end()) return;
  problems.collect([&] {
    datasets::check_scored(datasets::DataFrameDirectory::open(path->second, request.component->input("scored_dataset")->what()));
  });
}

}  // namespace torchport::component
