// Tables from files: Parquet and CSV through Arrow's C++ library. Called by data_frame_table.cpp.
#pragma once
#include <cstdint>
#include <filesystem>
#include <set>
#include <string>

#include "datasets/tables/data_frame.h"

namespace torchport::datasets {

/// What a table, all its files together, may still take of memory; reading a file draws on it. A file adds to it by its size: that
/// of a thousand bytes cannot need gigabytes, whatever it says of itself.
struct TableBudget {
  static constexpr std::size_t kMostBytes = std::size_t{4} << 30, kBytesForEachByte = 32;
  std::int64_t cells = std::int64_t{1} << 28;
  std::size_t bytes = std::size_t{128} << 20;  ///< of the values
  std::size_t given = bytes;                   ///< `bytes` and what was drawn
};

/// Reads a Parquet file: columns of integers, real numbers and texts (also as categories); others come with a fault.
/// \throws std::runtime_error with the reason
DataFrame read_parquet(const std::filesystem::path& file, TableBudget& budget);

/// Reads a CSV file with a header. The columns in `texts` are texts whatever they look like, others as they look.
/// \throws std::runtime_error with the reason
DataFrame read_csv(const std::filesystem::path& file, const std::set<std::string>& texts, TableBudget& budget);

}  // namespace torchport::datasets
