// A table of named columns, and what each column is for. STL only: Arrow, which reads and writes such tables, stays in the sources.
// Passed between the table files, the DataFrameDirectory and the scored dataset.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace torchport::datasets {

struct Column {
  using Values = std::variant<std::vector<std::int64_t>, std::vector<double>, std::vector<std::string>>;
  std::string name;
  Values values;      ///< as many as the table has rows, unless there is a fault
  std::string fault;  ///< why a column of a file has no values here: "row 3 has no value", "its type is timestamp[ns]"
};

struct DataFrame {
  std::vector<Column> columns;
  std::size_t rows = 0;
  /// nullptr where there is no such column
  const Column* find(std::string_view name) const {
    for (const Column& column : columns) {
      if (column.name == name) return &column;
    }
    return nullptr;
  }
};

/// What the schema of a DataFrameDirectory says of its columns beside name and type.
struct ColumnRoles {
  std::string label;                                        ///< the column of the true labels; "" where there is none
  std::vector<std::pair<std::string, std::string>> scores;  ///< role and column, in order; see scored_dataset.h
};

}  // namespace torchport::datasets
