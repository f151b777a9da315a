// A pipeline file as C++ values: steps, typed wires between them, and checked values. Read by the plan, the picture and the schema;
// docs/pipelines.md describes the file.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/error/error.h"
#include "runtime/request/request.h"
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
  std::vector<Step> steps;  ///< each after those that it needs, else in the order of the file
};

/// `--set TARGET=VALUE`; the target is STEP.PARAMETER or inputs.NAME.
struct Setting {
  std::string step, name, value;
};

/// Splits "train.epochs=10". \throws Error ParameterParsing.set_form
Setting parse_setting(const std::string& text);

/// Reads and checks a pipeline file: its form, names, values, wires, types and circles. Every fault goes into `problems` with its
/// line and column; what comes back then is not to be used.
Pipeline read_pipeline(const std::filesystem::path& file, const std::vector<Setting>& settings, Problems& problems);

/// Whether the output type `from` may enter the input type `to` (spec/types.yaml).
bool fits(const DirectoryTypeSpec& from, const DirectoryTypeSpec& to);

/// Checks all wires and puts the steps into the order in which they can run.
void connect(Pipeline& pipeline, Problems& problems);

/// A step's component and values, without inputs and outputs.
Request request_of(const Step& step);

/// component/check.h: checks what is there of a request; ports without a path are left out.
using RequestCheck = std::function<void(Request&, Problems&)>;

/// Checks a step with those of its inputs that exist already: their types, and the component's own rules.
void check_step(const Step& step, const std::map<std::string, std::filesystem::path>& inputs, const RequestCheck& check,
                Problems& problems);

/// Whether a command's operand is a pipeline file and no component's name.
bool is_pipeline_file(const std::string& operand);

}  // namespace torchport::runtime
