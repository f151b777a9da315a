// DataFrameDirectory (docs/contract.md, "DataFrameDirectory"): a table with its schema, samples and a preview for a portal.
// Opened by Evaluate Model and its check; what reads and writes the table is data_frame_table.h. No Arrow here, so that
// `torchport validate` starts without it.
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
  TableFormat format() const { return format_; }
  /// The parts of the table, in order.
  const std::vector<std::filesystem::path>& files() const { return files_; }

 private:
  std::filesystem::path root_;
  std::string what_;
  std::optional<TableSchema> schema_;
  TableFormat format_ = TableFormat::parquet;
  std::vector<std::filesystem::path> files_;
  friend class DataFrameDirectoryReader;
};

}  // namespace torchport::datasets
