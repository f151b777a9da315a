// Reads the graph of a designer's run, as its SDK shows it. Called by the import.
#pragma once
#include <memory>

#include "runtime/azure/import.h"
#include "runtime/pipeline/file_faults.h"

namespace torchport::runtime::azure {

void read_graph(const YAML::Node& root, std::shared_ptr<FileFaults> faults, const ImportOptions& options, Draft& draft);

}  // namespace torchport::runtime::azure
