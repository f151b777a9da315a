// A pipeline file as C++ values: steps, typed wires between them, and checked values. Made by the reader; read by the plan, the run
// and the picture.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "runtime/spec/spec.h"

namespace torchport::runtime {

/// What enters a step: another step's output, or a path from outside.
struct StepInput {
  const PortSpec* port = nullptr;
  std::string step, output;    ///< of a wire, else empty
  std::filesystem::path path;  ///< of anything else
  std::string place;           ///< "pipeline.yaml:12:15"
  bool is_wire() const { return !step.empty(); }
};

/// One value of a step. `text` is what the step's command line gets.
struct StepValue {
  const ParameterSpec* spec = nullptr;
  Value value;
  std::string text;
  std::string origin;  ///< "default", "pipeline.yaml:14:15" or "command line"
};

struct Step {
  std::string name, place;
  const ComponentSpec* component = nullptr;
  std::vector<StepInput> inputs;                    ///< in the order of the spec
  std::vector<const PortSpec*> outputs;             ///< that are made: all but optional ones that no wire takes
  std::vector<StepValue> parameters, run_settings;  ///< likewise; an optional one without value is absent
};

struct Pipeline {
  std::string name;
  std::filesystem::path file;
  std::string text;         ///< of the file, as it was read
  std::vector<Step> steps;  ///< each after those that it needs, else in the order of the file
};

}  // namespace torchport::runtime
