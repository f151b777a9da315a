// Python: a component as the module of the designer's whose place it takes, for `python -m`. The wheel torchport-designer is made
// of these.
#include <nlohmann/json.hpp>

#include "component/contract/contract.h"
#include "runtime/version.h"

namespace torchport::component {
namespace {

/// A literal of Python, as which one of JSON will do.
std::string quoted(const std::string& text) { return nlohmann::json(text).dump(); }

/// What the original's program takes for flags that a command lacks.
std::string defaults_of(const runtime::ComponentSpec& component) {
  std::string out;
  for (const auto& [name, text] : component.original->defaults)
    out += (out.empty() ? "" : ", ") + quoted("--" + component.parameter(name)->flag) + ": " + quoted(text);
  return "{" + out + "}";
}

/// The flag of the output that is a model, or None.
std::string model_of(const runtime::ComponentSpec& component) {
  for (const runtime::PortSpec& port : component.outputs)
    if (port.type == "ModelDirectory") return quoted("--" + port.flag);
  return "None";
}

}  // namespace

std::string python(Contract& contract) {
  if (!contract.component) throw runtime::Error("ParameterParsing.contract_pipeline", {{"format", "python"}});
  const runtime::ComponentSpec& component = *contract.component;
  if (!component.original) throw runtime::Error("ParameterParsing.contract_original", {{"component", component.name}});
  const std::string& module = component.original->module;
  return "\"\"\"" + component.title + ", by torchport. Not by Microsoft.\n\n`python -m " + module +
         " --flags` runs `torchport run " + component.name + "`.\nMade by `torchport contract " + component.name +
         " --format python` of torchport " + runtime::version() +
         ".\n\"\"\"\nfrom torchport_designer import Component\n\nCOMPONENT = Component(\n    " + quoted(component.name) +
         ",\n    module=" + quoted(module) + ",\n    defaults=" + defaults_of(component) + ",\n    model=" + model_of(component) +
         ",\n)\n\nif __name__ == \"__main__\":\n    COMPONENT.run()\n";
}

}  // namespace torchport::component
