// Azure ML's command line (CLI v2): a component as a command component, a pipeline as a pipeline job whose steps have their
// commands. `torchport import` reads the job back.
#include "component/contract/values.h"
#include "runtime/text/yaml_writer.h"
#include "runtime/version.h"

namespace torchport::component {
namespace fs = std::filesystem;
using json = nlohmann::ordered_json;
using runtime::ParameterType;
namespace {

constexpr const char *kSchemas = "https://azuremlschemas.azureedge.net/latest/", *kFolder = "uri_folder", *kFile = "uri_file";
constexpr const char* kServerless = "serverless";  ///< machines that Azure ML picks by itself

std::string type_of(const runtime::ParameterSpec& row) {
  switch (row.type) {
    case ParameterType::integer:
      return "integer";
    case ParameterType::real:
      return "number";
    case ParameterType::boolean:
      return "boolean";
    case ParameterType::choice:
    case ParameterType::size:
      return "string";
    case ParameterType::string:
      break;
  }
  return row.path ? kFile : "string";
}

json input_of(const runtime::ParameterSpec& row) {
  json input = {{"type", type_of(row)}};
  if (row.type == ParameterType::choice && !row.several) input["enum"] = row.choices;
  const Bounds bounds = bounds_of(row);
  if (bounds.least) input["min"] = *bounds.least;
  if (bounds.most) input["max"] = *bounds.most;
  if (const auto fallback = default_of(row)) input["default"] = *fallback;
  if (row.optional) input["optional"] = true;
  input["description"] = meaning(row);
  return input;
}

std::string hole(const std::string& side, const std::string& name) { return "${{" + side + "." + name + "}}"; }

/// A flag and the place of its value, which Azure ML fills in as text.
std::string flag_of(const runtime::ParameterSpec& row) {
  const std::string value = hole("inputs", row.name);
  return "--" + row.flag + " " + (is_text(row) ? '"' + value + '"' : value);
}

void add_processes(json& document, std::int64_t nodes, std::int64_t each) {
  document["distribution"] = {{"type", "mpi"}, {"process_count_per_instance", each}};
  document["resources"] = {{"instance_count", nodes}};
}

/// An image by its name, or an environment that the workspace or a registry has.
json environment_of(const std::string& image) {
  if (image.starts_with("azureml:")) return image;
  return json::object({{"image", image}});
}

json component_of(Contract& contract) {
  const runtime::ComponentSpec& component = *contract.component;
  json inputs = json::object(), outputs = json::object();
  std::vector<std::string> command = {"torchport run " + component.name};
  for (const runtime::PortSpec& port : component.inputs) {
    inputs[port.name] = {{"type", kFolder}, {"description", port.type + ". " + port.help}};
    if (port.optional) inputs[port.name]["optional"] = true;
    const std::string flag = "--" + port.flag + " " + hole("inputs", port.name);
    command.push_back(port.optional ? "$[[" + flag + "]]" : flag);
  }
  for (const runtime::ParameterSpec& row : component.parameters) {
    if (!is_portable(row)) {
      contract.notes.push_back(row.name + " is left out: an input cannot be a list of folders");
      continue;
    }
    inputs[row.name] = input_of(row);
    command.push_back(row.optional ? "$[[" + flag_of(row) + "]]" : flag_of(row));
  }
  for (const runtime::PortSpec& port : component.outputs) {
    outputs[port.name] = {{"type", kFolder}, {"description", port.type + ". " + port.help}};
    command.push_back("--" + port.flag + " " + hole("outputs", port.name));
  }
  json document = {{"$schema", std::string(kSchemas) + "commandComponent.schema.json"},
                   {"type", "command"},
                   {"name", component.name},
                   {"version", runtime::version()},
                   {"display_name", component.title},
                   {"description", component.summary + " " + component.description}};
  if (!inputs.empty()) document["inputs"] = inputs;
  document["outputs"] = outputs;
  document["environment"] = environment_of(contract.needed_image());
  if (component.distributed) add_processes(document, 1, 1);
  document["command"] = runtime::folded(command);
  return document;
}

class JobWriter {
 public:
  explicit JobWriter(Contract& contract) : contract_(contract) {}

  json job() {
    const std::string compute = contract_.compute.empty() ? kServerless : contract_.compute;
    json jobs = json::object();
    for (const runtime::Step& step : contract_.pipeline.steps) jobs[step.name] = job_of(step);
    json document = {{"$schema", std::string(kSchemas) + "pipelineJob.schema.json"},
                     {"type", "pipeline"},
                     {"display_name", contract_.pipeline.name}};
    if (!contract_.pipeline.description.empty()) document["description"] = contract_.pipeline.description;
    document["settings"] = {{"default_compute", "azureml:" + compute}};
    if (!inputs_.empty()) document["inputs"] = inputs_;
    document["jobs"] = jobs;
    return document;
  }

 private:
  json place_of(const fs::path& path) const {
    std::error_code none;
    return {{"type", fs::is_regular_file(path, none) ? kFile : kFolder}, {"path", path_from(path, contract_.folder)}};
  }

  /// What enters a step, as a binding where it is an input of the pipeline.
  json bound(const std::string& input, const json& value) {
    if (input.empty()) return value;
    inputs_[input] = value;
    return hole("parent.inputs", input);
  }

  json job_of(const runtime::Step& step) {
    json inputs = json::object(), outputs = json::object();
    std::vector<std::string> command = {"torchport run " + step.component->name};
    for (const runtime::StepInput& input : step.inputs) {
      inputs[input.port->name] = input.is_wire() ? json("${{parent.jobs." + input.step + ".outputs." + input.output + "}}")
                                                 : bound(input.given_as, place_of(input.path));
      command.push_back("--" + input.port->flag + " " + hole("inputs", input.port->name));
    }
    for (const runtime::StepValue* const value : given_values(step, contract_)) {
      const runtime::ParameterSpec& row = *value->spec;
      if (!is_portable(row)) {
        contract_.notes.push_back(step.name + "." + row.name + " is left out: an input cannot be a list of folders");
        continue;
      }
      inputs[row.name] = bound(value->given_as, row.path ? place_of(value->text) : json_of(row, value->value));
      command.push_back(flag_of(row));
    }
    for (const runtime::PortSpec* const port : step.outputs) {
      outputs[port->name] = {{"type", kFolder}};
      command.push_back("--" + port->flag + " " + hole("outputs", port->name));
    }
    json job = {{"type", "command"}, {"display_name", step.component->title}};
    if (!inputs.empty()) job["inputs"] = inputs;
    job["outputs"] = outputs;
    job["environment"] = environment_of(contract_.needed_image());
    if (step.component->distributed) add_processes(job, run_number(step, "node_count"), run_number(step, "process_count_per_node"));
    job["command"] = runtime::folded(command);
    return job;
  }

  Contract& contract_;
  json inputs_ = json::object();
};

}  // namespace

std::string azureml(Contract& contract) {
  return runtime::yaml_of(contract.component ? component_of(contract) : JobWriter(contract).job());
}

}  // namespace torchport::component
