#include "runtime/pipeline/wires.h"

#include <tuple>

#include "runtime/pipeline/file_faults.h"
#include "runtime/request/check_ports.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

/// The port that an output of a step is; null where its component is not known, which is reported already. \throws Error
const PortSpec* output_port(const Pipeline& pipeline, const std::string& name, const std::string& output) {
  const auto from = std::find_if(pipeline.steps.begin(), pipeline.steps.end(), [&](const Step& s) { return s.name == name; });
  if (from == pipeline.steps.end()) {
    std::vector<std::string> names;
    for (const Step& other : pipeline.steps) names.push_back(other.name);
    throw Error("ParameterParsing.unknown_step", {{"step", name}, {"nearest", did_you_mean(name, names)}});
  }
  if (!from->component) return nullptr;
  const PortSpec* const port = from->component->output(output);
  if (port) return port;
  std::vector<std::string> names;
  for (const PortSpec& one : from->component->outputs) names.push_back(one.name);
  throw Error("ParameterParsing.no_such", {{"component", from->component->name},
                                           {"kind", "output"},
                                           {"name", output},
                                           {"nearest", did_you_mean(output, names)},
                                           {"names", names.empty() ? "none" : join(names, ", ")}});
}

void check_wire(const Pipeline& pipeline, const Step& step, const StepInput& input) {
  const PortSpec* const output = output_port(pipeline, input.step, input.output);
  if (output && !fits(Specs::get().type(output->type), Specs::get().type(input.port->type)))
    throw Error("ParameterParsing.wire_type", {{"from", input.step + "." + input.output},
                                               {"found", output->type},
                                               {"to", step.name + "." + input.port->name},
                                               {"wanted", input.port->type}});
}

/// A wire to the output of a pipeline that is a step, as one to the step within it that makes it. \throws Error where it has no
/// such
void follow(const Pipeline& pipeline, StepInput& input) {
  while (true) {
    std::vector<std::string> names;
    const PipelineOutput* found = nullptr;
    for (const PipelineOutput& output : pipeline.outputs) {
      if (output.of != input.step) continue;
      names.push_back(output.name);
      if (output.name == input.output) found = &output;
    }
    if (names.empty()) return;
    if (!found)
      throw Error("ParameterParsing.no_such", {{"component", "the pipeline " + input.step},
                                               {"kind", "output"},
                                               {"name", input.output},
                                               {"nearest", did_you_mean(input.output, names)},
                                               {"names", join(names, ", ")}});
    input.step = found->step;
    input.output = found->output;
  }
}

/// Whether what a pipeline names as its own output is one of its steps'.
void check_outputs(const Pipeline& pipeline, Problems& problems) {
  for (const PipelineOutput& output : pipeline.outputs) {
    StepInput wire;
    std::tie(wire.step, wire.output) = std::pair{output.step, output.output};
    Problems mine;
    mine.collect([&] {
      follow(pipeline, wire);
      output_port(pipeline, wire.step, wire.output);
    });
    for (const Error& error : mine.all()) problems.add(error.at(output.place));
  }
}

void follow_wires(Pipeline& pipeline, Problems& problems) {
  for (Step& step : pipeline.steps) {
    for (auto input = step.inputs.begin(); input != step.inputs.end();) {
      Problems mine;
      if (input->is_wire()) mine.collect([&] { follow(pipeline, *input); });
      for (const Error& error : mine.all()) problems.add(error.at(input->place));
      input = mine.empty() ? input + 1 : step.inputs.erase(input);
    }
  }
}

bool is_taken(const Pipeline& pipeline, const std::string& step, const std::string& output) {
  return std::any_of(pipeline.steps.begin(), pipeline.steps.end(), [&](const Step& other) {
    return std::any_of(other.inputs.begin(), other.inputs.end(),
                       [&](const StepInput& input) { return input.step == step && input.output == output; });
  });
}

/// Orders the steps by depth-first search; `trail` holds the steps on the way.
class Order {
 public:
  Order(const Pipeline& pipeline, Problems& problems) : problems_(problems) {
    for (const Step& step : pipeline.steps) by_name_.emplace(step.name, &step);
    for (const Step& step : pipeline.steps) visit(step, "");
  }
  std::vector<Step> steps() const {
    std::vector<Step> sorted;
    for (const Step* step : sorted_) sorted.push_back(*step);
    return sorted;
  }

 private:
  void visit(const Step& step, const std::string& place) {
    if (done_.count(step.name)) return;
    const auto open = std::find(trail_.begin(), trail_.end(), step.name);
    if (open != trail_.end()) {  // along the wires: what comes out first stands first
      std::vector<std::string> circle(open, trail_.end());
      std::reverse(circle.begin(), circle.end());
      circle.insert(circle.begin(), step.name);
      problems_.add(Error("ParameterParsing.cycle", {{"steps", join(circle, " -> ")}}).at(place));
      return;
    }
    trail_.push_back(step.name);
    for (const StepInput& input : step.inputs)
      if (const auto from = by_name_.find(input.step); from != by_name_.end()) visit(*from->second, input.place);
    trail_.pop_back();
    done_.insert(step.name);
    sorted_.push_back(&step);
  }

  Problems& problems_;
  std::map<std::string, const Step*> by_name_;
  std::vector<std::string> trail_;
  std::set<std::string> done_;
  std::vector<const Step*> sorted_;
};

}  // namespace

bool fits(const DirectoryTypeSpec& from, const DirectoryTypeSpec& to) {
  if (to.directory.empty() || from.name == to.name) return true;
  return from.directory == to.directory && !to.trained_only;  // a trained model goes where an untrained one does, not the reverse
}

void connect(Pipeline& pipeline, Problems& problems) {
  follow_wires(pipeline, problems);
  for (const Step& step : pipeline.steps) {
    for (const StepInput& input : step.inputs) {
      if (!input.is_wire()) continue;
      Problems mine;
      mine.collect([&] { check_wire(pipeline, step, input); });
      for (const Error& error : mine.all()) problems.add(error.at(input.place));
    }
  }
  check_outputs(pipeline, problems);
  for (Step& step : pipeline.steps) {
    if (!step.component) continue;
    for (const PortSpec& port : step.component->outputs) {
      if (!port.optional || is_taken(pipeline, step.name, port.name)) step.outputs.push_back(&port);
    }
  }
  pipeline.steps = Order(pipeline, problems).steps();
}

}  // namespace torchport::runtime
