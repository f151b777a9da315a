// Tables from files: Parquet and CSV through Arrow's C++ library. Called by data_frame_table.cpp.
#pragma once
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "datasets/tables/data_frame.h"

namespace torchport::datasets {

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
