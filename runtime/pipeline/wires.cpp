// The wires between steps: whether they lead somewhere, fit, and never in a circle.
#include "runtime/pipeline/pipeline.h"
#include "runtime/request/check_ports.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

std::string meant(std::string_view word, const std::vector<std::string>& names) {
  const std::string near = nearest(word, names);
  return near.empty() ? "" : "Did you mean " + near + "? ";
}

void check_wire(const Pipeline& pipeline, const Step& step, const StepInput& input) {
  const auto from = std::find_if(pipeline.steps.begin(), pipeline.steps.end(), [&](const Step& s) { return s.name == input.step; });
  if (from == pipeline.steps.end()) {
    std::vector<std::string> names;
    for (const Step& other : pipeline.steps) names.push_back(other.name);
    throw Error("ParameterParsing.unknown_step", {{"step", input.step}, {"nearest", meant(input.step, names)}});
  }
  if (!from->component) return;  // reported already
  const PortSpec* const output = from->component->output(input.output);
  if (!output) {
    std::vector<std::string> names;
    for (const PortSpec& port : from->component->outputs) names.push_back(port.name);
    throw Error("ParameterParsing.no_such", {{"component", from->component->name},
                                             {"kind", "output"},
                                             {"name", input.output},
                                             {"nearest", meant(input.output, names)},
                                             {"names", names.empty() ? "none" : join(names, ", ")}});
  }
  if (!fits(Specs::get().type(output->type), Specs::get().type(input.port->type)))
    throw Error("ParameterParsing.wire_type", {{"from", input.step + "." + input.output},
                                               {"found", output->type},
                                               {"to", step.name + "." + input.port->name},
                                               {"wanted", input.port->type}});
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
  for (const Step& step : pipeline.steps) {
    for (const StepInput& input : step.inputs) {
      if (!input.is_wire()) continue;
      Problems mine;
      mine.collect([&] { check_wire(pipeline, step, input); });
      for (const Error& error : mine.all()) problems.add(error.at(input.place));
    }
  }
  for (Step& step : pipeline.steps) {
    if (!step.component) continue;
    for (const PortSpec& port : step.component->outputs) {
      if (!port.optional || is_taken(pipeline, step.name, port.name)) step.outputs.push_back(&port);
    }
  }
  pipeline.steps = Order(pipeline, problems).steps();
}

Request request_of(const Step& step) {
  Request request;
  request.component = step.component;
  for (const StepValue& value : step.parameters) request.parameters[value.spec->name] = {value.value, value.origin};
  for (const StepValue& value : step.run_settings) request.run_settings[value.spec->name] = {value.value, value.origin};
  return request;
}

void check_step(const Step& step, const std::map<std::string, fs::path>& inputs, const RequestCheck& check, Problems& problems) {
  Request request = request_of(step);
  for (const StepInput& input : step.inputs) {
    const auto known = inputs.find(input.port->name);
    if (known == inputs.end()) continue;
    Request one;
    one.component = step.component;
    one.inputs[known->first] = known->second;
    Problems mine;
    check_ports(one, mine);
    for (const Error& error : mine.all()) problems.add(error.at(input.place));
    if (mine.empty()) request.inputs[known->first] = known->second;
  }
  Problems mine;
  check(request, mine);
  for (const Error& error : mine.all()) problems.add(error.at(step.place));
}

}  // namespace torchport::runtime
