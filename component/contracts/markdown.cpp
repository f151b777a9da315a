// Markdown: of a component its part of the reference, of a pipeline its steps, wires and values.
#include "runtime/cli/reference_pages.h"

#include "component/contract/contract.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace {

std::string row(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& cell : cells) out += " " + runtime::markdown_cell(cell) + " |";
  return out + "\n";
}

std::string source_of(const runtime::StepInput& input) {
  if (input.is_wire()) return input.step + "." + input.output;
  return (input.given_as.empty() ? "" : "inputs." + input.given_as + " = ") + input.path.string();
}

std::string page_of(const runtime::Pipeline& pipeline) {
  std::string out = "# " + pipeline.name + "\n\n" + (pipeline.description.empty() ? "" : pipeline.description + "\n\n") +
                    "A pipeline of torchport with " + std::to_string(pipeline.steps.size()) + " steps.\n";
  for (const runtime::Step& step : pipeline.steps) {
    out += "\n## " + step.name + "\n\n" + step.component->title + ": " + step.component->summary + "\n\n";
    out += row({"Side", "Port", "Type", "From"}) + row({"---", "---", "---", "---"});
    for (const runtime::StepInput& input : step.inputs) out += row({"in", input.port->name, input.port->type, source_of(input)});
    for (const runtime::PortSpec* const port : step.outputs) out += row({"out", port->name, port->type, ""});
    std::string values;
    for (const auto* all : {&step.parameters, &step.run_settings})
      for (const runtime::StepValue& value : *all)
        if (value.origin != "default")
          values += row({value.spec->title, value.spec->name, value.text, value.spec->default_or_none(), value.spec->help});
    if (!values.empty())
      out += "\n" + row({"Value", "Name", "Here", "Default", "Meaning"}) + row({"---", "---", "---", "---", "---"}) + values;
  }
  return out;
}

}  // namespace

std::string markdown(Contract& contract) {
  return contract.component ? runtime::component_page(*contract.component) : page_of(contract.pipeline);
}

}  // namespace torchport::component
