// Tables as files: Parquet through Arrow's C++ library, and CSV. The only door to Arrow.
// Called by the DataFrameDirectory; CSV text also by Evaluate Model.
#pragma once
#include <filesystem>
#include <set>
#include <string>

#include "datasets/tables/data_frame.h"
#include "runtime/files/files.h"

namespace torchport::datasets {

/// Writes Parquet as pandas does (and the original, through it): SNAPPY, dictionary pages, row groups of at most 1 Mi rows, the
/// metadata of pandas. \throws Error FailedToWriteOutputs.file
void write_parquet(const DataFrame& frame, runtime::FileWriter& out);

/// Comma-separated text with a header and LF line ends, quoted where needed; numbers in the shortest form that reads back.
std::string csv_text(const DataFrame& frame);

/// What a table, all its files together, may still take of memory; reading a file draws on it.
struct TableBudget {
  std::int64_t cells = std::int64_t{1} << 28;
  std::size_t bytes = std::size_t{4} << 30;  ///< of the values, and of any single file
};

/// Reads a Parquet file: columns of integers, real numbers and texts (also as categories); others come with a fault.
/// \throws std::runtime_error with the reason
DataFrame read_parquet(const std::filesystem::path& file, TableBudget& budget);

/// Reads a CSV file with a header. The columns in `texts` are texts whatever they look like, others as they look.
/// \throws std::runtime_error with the reason
DataFrame read_csv(const std::filesystem::path& file, const std::set<std::string>& texts, TableBudget& budget);

}  // namespace torchport::datasets
