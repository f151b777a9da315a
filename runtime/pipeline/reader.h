// Reads a pipeline file, which docs/pipelines.md describes. Called by the commands on pipelines.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/error/error.h"
#include "runtime/pipeline/pipeline.h"

namespace torchport::runtime {

/// `--set TARGET=VALUE`; the target is STEP.PARAMETER or inputs.NAME.
struct Setting {
  std::string step, name, value;
};

/// Splits "train.epochs=10". \throws Error ParameterParsing.set_form
Setting parse_setting(const std::string& text);

/// Reads and checks a pipeline file: its form, names, values, wires, types and circles. Every fault goes into `problems` with its
/// line and column; what comes back then is not to be used.
Pipeline read_pipeline(const std::filesystem::path& file, const std::vector<Setting>& settings, Problems& problems);

/// The same of a text that is not in a file; `name` stands for it in messages, and its paths are relative to the folder of that.
Pipeline read_pipeline_text(std::string text, const std::filesystem::path& name, const std::vector<Setting>& settings,
                            Problems& problems);

}  // namespace torchport::runtime
