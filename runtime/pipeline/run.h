// Runs a planned pipeline, step after step, in a numbered folder, and keeps its record. Called by the command line.
#pragma once
#include "runtime/pipeline/checked_plan.h"

namespace torchport::runtime {

/// What a run of a pipeline shows of its steps: all that they print; a line for each with its warnings and errors; or those alone,
/// on standard error.
enum class Shown { everything, brief, faults };

struct PipelineEnd {
  int status = 0;                                        ///< that of the failing step, or 128 + the signal that stopped it
  std::filesystem::path folder;                          ///< `runs`/<pipeline>-<n>
  std::map<std::string, std::filesystem::path> outputs;  ///< by STEP.OUTPUT
};

/// Makes <runs>/<pipeline>-<n> and runs what the plan says; shows when each step begins and ends. `command` is what was typed, for
/// the record. \throws Error FailedToWriteOutputs
PipelineEnd run_pipeline(const Host& host, const CheckedPlan& checked, const std::vector<std::string>& command, Shown shown);

/// The flags of a step's command: `run COMPONENT` and so on. `input_of` gives the path of an input, `outputs` is the folder for the
/// outputs, each under its port's name.
std::vector<std::string> step_arguments(const Step& step, const std::function<std::filesystem::path(const StepInput&)>& input_of,
                                        const std::filesystem::path& outputs, const std::filesystem::path& run_dir);

/// 1.2 s, 3 min 5 s.
std::string duration_text(double seconds);

}  // namespace torchport::runtime
