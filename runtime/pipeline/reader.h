// Reads the text of a pipeline file, which docs/pipelines.md describes. Called for files by runtime/pipeline/pipeline_file.h, and
// by commands that make such a text.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/error/error.h"
#include "runtime/pipeline/pipeline.h"
#include "runtime/pipeline/settings.h"

namespace torchport::runtime {

/// Reads and checks a pipeline: its form, names, values, wires, types and circles, those of pipelines that are its steps too. Every
/// fault goes into `problems` with its line and column; what comes back then is not to be used. `name` stands for the file in
/// messages, and paths are relative to its folder. `origins` are what the lines stand for, as FileFaults has them.
Pipeline read_pipeline_text(std::string text, const std::filesystem::path& name, const std::vector<Setting>& settings,
                            Problems& problems, std::vector<std::string> origins = {});

}  // namespace torchport::runtime
