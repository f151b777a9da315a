// Reads a pipeline from a file: one of torchport, or one of another system. Called by the commands on pipelines.
#pragma once
#include <filesystem>
#include <vector>

#include "runtime/azure/import.h"
#include "runtime/pipeline/reader.h"

namespace torchport::runtime {

/// read_pipeline_text of a file. A file of Azure ML is read as what `torchport import` makes of it, with places in that file.
Pipeline read_pipeline(const std::filesystem::path& file, const std::vector<Setting>& settings, Problems& problems,
                       const azure::ImportOptions& options = {});

}  // namespace torchport::runtime
