// A pipeline file as C++ values: steps, typed wires between them, and checked values. Made by the reader; read by the plan, the run
// and the picture.
#pragma once
#include <filesystem>
#include <map>
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
  std::string given_as;        ///< the pipeline's input that it is, or ""
  bool is_wire() const { return !step.empty(); }
};

/// One value of a step. `text` is what the step's command line gets.
struct StepValue {
  const ParameterSpec* spec = nullptr;
  Value value;
  std::string text;
  std::string origin;      ///< "default", "pipeline.yaml:14:15" or "command line"
  std::string given_as{};  ///< the pipeline's input that it is, or ""
};

struct Step {
  std::string name, place;
  const ComponentSpec* component = nullptr;
  std::vector<StepInput> inputs;                    ///< in the order of the spec
  std::vector<const PortSpec*> outputs;             ///< that are made: all but optional ones that no wire takes
  std::vector<StepValue> parameters, run_settings;  ///< likewise; an optional one without value is absent
};

/// What is to be said of a pipeline that can run all the same.
struct PipelineNote {
  std::string place, text;  ///< "pipeline.yaml:14:15"
};

/// What a pipeline names as its own output: that of one of its steps.
struct PipelineOutput {
  std::string of;  ///< the step that the pipeline is in another; "": it is the whole
  std::string name, step, output, place;
};

struct Pipeline {
  std::string name;
  std::filesystem::path file;
  std::string text;                          ///< of the file, as it was read
  std::map<std::string, std::string> given;  ///< inputs that --set gave, by name
  std::vector<PipelineNote> notes;
  std::vector<PipelineOutput> outputs;
  std::vector<Step> steps;    ///< each after those that it needs, else in the order of the file
  std::string description{};  ///< what it is for, in words; "" where the file has none
};

}  // namespace torchport::runtime
