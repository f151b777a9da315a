// Tables to files: Parquet through Arrow's C++ library, and CSV. Called by data_frame_table.cpp; CSV text also by Evaluate Model.
#pragma once
#include <string>

#include "datasets/tables/data_frame.h"
#include "runtime/files/files.h"

namespace torchport::datasets {

/// Writes Parquet as pandas does (and the original, through it): SNAPPY, dictionary pages, row groups of at most 1 Mi rows, the
/// metadata of pandas. \throws Error FailedToWriteOutputs.file
void write_parquet(const DataFrame& frame, runtime::FileWriter& out);

/// Comma-separated text with a header and LF line ends, quoted where needed; numbers in the shortest form that reads back.
std::string csv_text(const DataFrame& frame);

}  // namespace torchport::datasets
