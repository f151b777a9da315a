// The JSON files of a DataFrameDirectory as the original writes them, byte for byte, and the schema read back.
// Used by the directory's reader and writer.
#pragma once
#include <string>
#include <string_view>

#include "datasets/tables/data_frame_directory.h"

namespace torchport::datasets {

/// `schema/_schema.json`: types, roles, and that all columns but the label and the scores are features.
std::string table_schema_text(const DataFrame& frame, const ColumnRoles& roles);
/// \throws std::runtime_error with the reason
TableSchema parse_table_schema(std::string_view text);

/// `_samples.json`: the first three rows.
std::string table_samples_text(const DataFrame& frame);

/// `_data.visualization`: the first 100 rows and columns; the statistics and plots that a portal fills in are left empty, as in the
/// original.
std::string visualization_text(const DataFrame& frame, const ColumnRoles& roles);

}  // namespace torchport::datasets
