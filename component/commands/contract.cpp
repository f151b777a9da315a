// torchport contract: a component or a pipeline as another system's file, all from the specs.
#include "component/contract/contract.h"

#include <algorithm>
#include <ostream>

#include "runtime/cli/call.h"
#include "runtime/files/files.h"
#include "runtime/pipeline/checked_plan.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

/// A component as a pipeline of one step whose inputs must be set.
runtime::Pipeline one_step(const runtime::ComponentSpec& component, const std::vector<runtime::Setting>& settings,
                           runtime::Problems& problems) {
  std::string inputs, wires;
  for (const runtime::PortSpec& port : component.inputs) {
    const bool given = std::any_of(settings.begin(), settings.end(),
                                   [&](const runtime::Setting& one) { return one.step == "inputs" && one.name == port.name; });
    if (port.optional && !given) continue;
    inputs += "  " + port.name + ":\n";
    wires += "      " + port.name + ": inputs." + port.name + "\n";
  }
  std::string text = "name: " + component.name + "\n" + (inputs.empty() ? "" : "inputs:\n" + inputs);
  text += "steps:\n  " + component.name + ":\n    component: " + component.name + "\n";
  if (!wires.empty()) text += "    inputs:\n" + wires;
  return read_pipeline_text(text, component.name, settings, problems);
}

std::string file_name(std::string format) {
  std::replace(format.begin(), format.end(), '-', '_');
  return format;
}

}  // namespace

int contract(runtime::Call& call) {
  const bool of_pipeline = call.names_pipeline();
  const runtime::Arguments given = call.arguments();
  const std::string format = given.get<std::string>("format");
  const fs::path output = given.has("output") ? given.get<std::string>("output") : "";
  Contract contract;
  if (given.has("image")) contract.image = given.get<std::string>("image");
  if (given.has("compute")) contract.compute = given.get<std::string>("compute");
  contract.folder = output.parent_path();
  runtime::Problems problems;
  if (of_pipeline) {
    contract.pipeline = pipeline_as_written(given, problems);
  } else {
    contract.component = &call.component();
    const auto settings = settings_of(given, problems);
    if (is_script(format)) {
      contract.pipeline = one_step(*contract.component, settings, problems);
    } else if (!settings.empty()) {
      problems.add(runtime::Error("ParameterParsing.contract_set", {{"format", format}, {"component", contract.component->name}}));
    }
  }
  problems.throw_if_any();
  if (of_pipeline) say_notes(call.host, contract.pipeline);
  const std::string text = contracts().at(file_name(format))(contract);
  for (const std::string& note : contract.notes) call.host.err << "note: " << runtime::visible(note) << "\n";
  if (output.empty()) {
    call.host.out << text;
  } else {
    runtime::write_file_atomically(output, text);
    call.host.out << runtime::visible(output.string()) << "\n";
  }
  return 0;
}

}  // namespace torchport::component
