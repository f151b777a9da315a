// What a run of a pipeline would do: which steps run, which are reused, and why. Made for every run and for --dry-run.
#pragma once
#include <nlohmann/json.hpp>

#include "runtime/pipeline/history.h"
#include "runtime/pipeline/pipeline.h"

namespace torchport::runtime {

struct PlannedStep {
  const Step* step = nullptr;
  nlohmann::json ingredients;  ///< all that decides on the outputs
  std::string key;             ///< SHA-256 of the ingredients
  bool reused = false;
  std::string why;         ///< of a step that runs, e.g. "epochs was 4"
  std::string made_by;     ///< of a reused step: RUN/STEP below the runs folder, which has its outputs
  nlohmann::json outputs;  ///< of a reused step: as its record has them
  nlohmann::json inputs;   ///< of a reused step: where its inputs from outside were then, port -> absolute path
};

struct Plan {
  std::vector<PlannedStep> steps;            ///< in the order of the pipeline
  nlohmann::json contents;                   ///< absolute path -> fingerprint and sha256, for the next run not to read them again
  std::map<std::string, std::string> looks;  ///< absolute path -> fingerprint, of all that comes from outside
};

/// The paths from outside that a step reads: inputs that are not wires, and parameters that name files.
std::vector<std::filesystem::path> outside_of(const Step& step);

/// A path as the plan knows it.
std::string absolute_name(const std::filesystem::path& path);

/// \param program the program that runs the steps; another build makes all steps run
/// \param forced  names of steps that run in any case, and those after them. \throws Error ParameterParsing.unknown_step
Plan make_plan(const Pipeline& pipeline, const History& history, const std::filesystem::path& program,
               const std::vector<std::string>& forced);

}  // namespace torchport::runtime
