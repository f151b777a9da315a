// DataFrameDirectory (docs/contract.md, "DataFrameDirectory"): a table with its schema, samples and a preview for a portal.
// Written by Score Image Model, read by Evaluate Model. Opening needs no Arrow, so that `torchport validate` starts without it.
#pragma once
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/tables/data_frame.h"
#include "runtime/files/output_directory.h"

namespace torchport::datasets {

enum class TableFormat { parquet, csv };

/// `schema/_schema.json`.
struct TableSchema {
  std::vector<std::string> names;  ///< of all columns, in order
  std::set<std::string> texts;     ///< those of type `str`
  ColumnRoles roles;
};

/// An opened DataFrameDirectory, or a bare table: a Parquet or CSV file, or a folder of such files of one kind.
class DataFrameDirectory {
 public:
  /// Reads `_meta.yaml` and the schema. `what` names the directory in errors, e.g. "scored dataset".
  /// \throws Error NotScoredDataset.* where anything is missing or broken
  static DataFrameDirectory open(const std::filesystem::path& root, std::string_view what);

  /// Absent for a bare table.
  const std::optional<TableSchema>& schema() const { return schema_; }
  const std::filesystem::path& root() const { return root_; }
  const std::string& what() const { return what_; }
  /// The whole table. Columns in `texts` of a bare CSV table are texts, whatever they look like.
  /// \throws Error NotScoredDataset.broken_table
  DataFrame read(std::set<std::string> texts) const;

 private:
  std::filesystem::path root_;
  std::string what_;
  std::optional<TableSchema> schema_;
  TableFormat format_ = TableFormat::parquet;
  std::vector<std::filesystem::path> files_;  ///< the parts of the table, in order
  friend class DataFrameDirectoryReader;
};

/// Writes and publishes a DataFrameDirectory as the original does; in the format csv, which is torchport's own, with `_data.csv`.
void write_data_frame_directory(runtime::OutputDirectory& output, const DataFrame& frame, const ColumnRoles& roles,
                                TableFormat format);

}  // namespace torchport::datasets
