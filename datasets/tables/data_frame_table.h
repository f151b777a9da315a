// The table of a DataFrameDirectory, read and written through Arrow. Called by scored_dataset.cpp.
#pragma once
#include <set>
#include <string>

#include "datasets/tables/data_frame_directory.h"
#include "runtime/files/files.h"

namespace torchport::datasets {

/// The whole table. Columns in `texts` of a bare CSV table are texts, whatever they look like.
/// \throws Error NotScoredDataset.broken_table
DataFrame read_table(const DataFrameDirectory& directory, std::set<std::string> texts);

/// Writes and publishes a DataFrameDirectory as the original does; in the format csv, which is torchport's own, with `_data.csv`.
void write_data_frame_directory(runtime::OutputDirectory& output, const DataFrame& frame, const ColumnRoles& roles,
                                TableFormat format);

}  // namespace torchport::datasets
