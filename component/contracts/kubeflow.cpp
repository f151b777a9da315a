// Kubeflow Pipelines (the IR of schema 2.1.0, what kfp compiles): a component as a pipeline of one task with all of its inputs, or
// a pipeline. Paths from outside are importers of an address.
#include <algorithm>
#include <set>

#include "component/contract/script.h"
#include "component/contract/values.h"
#include "runtime/text/yaml_writer.h"
#include "runtime/version.h"

namespace torchport::component {
using json = nlohmann::ordered_json;
using runtime::ParameterType;
namespace {

constexpr const char* kProcesses = "process_count_per_node";

std::string dashed(std::string name) {
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

json artifact_type(const std::string& type) {
  std::string title = "system.Artifact";
  if (type == "ImageDirectory" || type == "DataFrameDirectory") title = "system.Dataset";
  if (type.ends_with("ModelDirectory")) title = "system.Model";
  return {{"schemaTitle", title}, {"schemaVersion", "0.0.1"}};
}

/// A file that a parameter names is an artifact, as nothing else reaches a pod.
bool is_file(const runtime::ParameterSpec& row) { return row.path; }

std::string parameter_type(const runtime::ParameterSpec& row) {
  if (row.type == ParameterType::integer) return "NUMBER_INTEGER";
  if (row.type == ParameterType::real) return "NUMBER_DOUBLE";
  return row.type == ParameterType::boolean ? "BOOLEAN" : "STRING";
}

/// kfp has one kind of number.
json constant(const json& value) { return value.is_number() ? json(value.get<double>()) : value; }

json parameter_definition(const runtime::ParameterSpec& row) {
  json definition = json::object();
  if (const auto fallback = default_of(row)) definition["defaultValue"] = constant(*fallback);
  definition["description"] = meaning(row);
  if (row.default_text || row.optional) definition["isOptional"] = true;
  definition["parameterType"] = parameter_type(row);
  return definition;
}

/// The rows of a component that its task has: parameters, and how many processes it is.
std::vector<const runtime::ParameterSpec*> rows_of(const runtime::ComponentSpec& component) {
  std::vector<const runtime::ParameterSpec*> rows;
  for (const runtime::ParameterSpec& row : component.parameters)
    if (is_portable(row)) rows.push_back(&row);
  if (component.distributed) rows.push_back(&runtime::Specs::get().run_setting(kProcesses));
  return rows;
}

class ComponentWriter {
 public:
  explicit ComponentWriter(const runtime::ComponentSpec& component) : component_(component) { write(); }

  json input_definitions() const {
    json definitions = json::object();
    if (!artifacts_.empty()) definitions["artifacts"] = artifacts_;
    if (!parameters_.empty()) definitions["parameters"] = parameters_;
    return definitions;
  }
  json output_definitions() const { return {{"artifacts", outputs_}}; }

  json definition() const {
    json definition = {{"executorLabel", "exec-" + dashed(component_.name)}};
    if (const json inputs = input_definitions(); !inputs.empty()) definition["inputDefinitions"] = inputs;
    definition["outputDefinitions"] = output_definitions();
    return definition;
  }
  json executor(const std::string& image) const {
    return {{"container", {{"args", args_}, {"command", {"torchport", "run", component_.name}}, {"image", image}}}};
  }

 private:
  void write() {
    for (const runtime::PortSpec& port : component_.inputs) add_artifact(port.name, port.flag, port.type, port.help, port.optional);
    for (const runtime::ParameterSpec* const row : rows_of(component_)) {
      if (is_file(*row)) {
        add_artifact(row->name, row->flag, "", row->help, true);
      } else {
        parameters_[row->name] = parameter_definition(*row);
        add_flag(row->name, row->flag, "{{$.inputs.parameters['" + row->name + "']}}", row->optional);
      }
    }
    for (const runtime::PortSpec& port : component_.outputs) {
      outputs_[port.name] = {{"artifactType", artifact_type(port.type)}, {"description", port.type + ". " + port.help}};
      add_flag(port.name, port.flag, "{{$.outputs.artifacts['" + port.name + "'].path}}", false);
    }
  }

  void add_artifact(const std::string& name, const std::string& flag, const std::string& type, const std::string& help,
                    bool optional) {
    artifacts_[name] = {{"artifactType", artifact_type(type)}, {"description", (type.empty() ? "A file" : type) + ". " + help}};
    if (optional) artifacts_[name]["isOptional"] = true;
    add_flag(name, flag, "{{$.inputs.artifacts['" + name + "'].path}}", optional);
  }

  void add_flag(const std::string& name, const std::string& flag, const std::string& value, bool optional) {
    const json words = {"--" + flag, value};
    if (!optional) {
      args_.insert(args_.end(), words.begin(), words.end());
    } else {
      args_.push_back(json{{"IfPresent", {{"InputName", name}, {"Then", words}}}}.dump());
    }
  }

  const runtime::ComponentSpec& component_;
  json artifacts_ = json::object(), parameters_ = json::object(), outputs_ = json::object(), args_ = json::array();
};

class PipelineWriter {
 public:
  explicit PipelineWriter(Contract& contract) : contract_(contract) {}

  json document() {
    json root = contract_.component ? root_of(*contract_.component) : root_of(contract_.pipeline);
    return {{"components", components_},
            {"deploymentSpec", {{"executors", executors_}}},
            {"pipelineInfo", {{"name", dashed(contract_.name())}}},
            {"root", root},
            {"schemaVersion", "2.1.0"},
            {"sdkVersion", "torchport-" + runtime::version()}};
  }

 private:
  ComponentWriter add(const runtime::ComponentSpec& component) {
    ComponentWriter writer(component);
    components_["comp-" + dashed(component.name)] = writer.definition();
    executors_["exec-" + dashed(component.name)] = writer.executor(contract_.needed_image());
    for (const runtime::ParameterSpec& row : component.parameters)
      if (!is_portable(row) && noted_.insert(component.name).second)
        contract_.notes.push_back(component.name + ": " + row.name + " is left out: an input cannot be a list of folders");
    return writer;
  }

  static json task_of(const std::string& name, const std::string& component, const json& inputs) {
    json task = {{"cachingOptions", {{"enableCache", true}}}, {"componentRef", {{"name", "comp-" + component}}}};
    if (!inputs.empty()) task["inputs"] = inputs;
    task["taskInfo"] = {{"name", name}};
    return task;
  }

  json root_of(const runtime::ComponentSpec& component) {
    const ComponentWriter writer = add(component);
    const std::string name = dashed(component.name);
    json definitions = writer.input_definitions(), inputs = json::object(), outputs = json::object();
    for (const auto& [kind, from] :
         {std::pair("artifacts", "componentInputArtifact"), std::pair("parameters", "componentInputParameter")})
      if (definitions.contains(kind))
        for (const auto& entry : definitions[kind].items()) inputs[kind][entry.key()] = {{from, entry.key()}};
    for (const runtime::PortSpec& port : component.outputs)
      outputs[port.name]["artifactSelectors"] = json::array({{{"outputArtifactKey", port.name}, {"producerSubtask", name}}});
    json root = {{"dag", {{"outputs", {{"artifacts", outputs}}}, {"tasks", {{name, task_of(name, name, inputs)}}}}}};
    if (!definitions.empty()) root["inputDefinitions"] = definitions;
    root["outputDefinitions"] = writer.output_definitions();
    return root;
  }

  json root_of(const runtime::Pipeline& pipeline) {
    for (const runtime::Step& step : pipeline.steps) {
      add(*step.component);
      add_step(step);
    }
    json root = {{"dag", {{"tasks", tasks_}}}};
    if (!parameters_.empty()) root["inputDefinitions"] = {{"parameters", parameters_}};
    return root;
  }

  void add_step(const runtime::Step& step) {
    std::set<std::string> needed;
    json artifacts = json::object(), parameters = json::object();
    for (const runtime::StepInput& input : step.inputs) {
      const std::string task = input.is_wire()
                                   ? dashed(input.step)
                                   : importer(input.given_as.empty() ? step.name + "_" + input.port->name : input.given_as,
                                              input.port->type, input.path.string());
      artifacts[input.port->name] = {
          {"taskOutputArtifact", {{"outputArtifactKey", input.is_wire() ? input.output : "artifact"}, {"producerTask", task}}}};
      needed.insert(task);
    }
    for (const runtime::StepValue* const value : given_values(step, contract_)) {
      const runtime::ParameterSpec& row = *value->spec;
      if (is_file(row) && is_portable(row)) {
        const std::string task = importer(value->given_as.empty() ? step.name + "_" + row.name : value->given_as, "", value->text);
        artifacts[row.name] = {{"taskOutputArtifact", {{"outputArtifactKey", "artifact"}, {"producerTask", task}}}};
        needed.insert(task);
      } else if (step.component->parameter(row.name) && is_portable(row)) {
        const json fixed = constant(json_of(row, value->value));
        parameters[row.name] = value->given_as.empty() ? json{{"runtimeValue", {{"constant", fixed}}}} : bound(*value, fixed);
      } else {
        contract_.notes.push_back(step.name + "." + row.name + " is left out: a task has no input for it");
      }
    }
    add_processes(step, parameters);
    json inputs = json::object();
    if (!artifacts.empty()) inputs["artifacts"] = artifacts;
    if (!parameters.empty()) inputs["parameters"] = parameters;
    json task = task_of(dashed(step.name), dashed(step.component->name), inputs);
    if (!needed.empty()) task["dependentTasks"] = needed;
    tasks_[dashed(step.name)] = task;
  }

  void add_processes(const runtime::Step& step, json& parameters) {
    const Processes processes = processes_of(step);
    if (processes.nodes > 1)
      contract_.notes.push_back(step.name + ": a task is one pod: " + std::to_string(processes.nodes) + " nodes of " +
                                std::to_string(processes.each) + " are " + std::to_string(processes.all()) +
                                " processes of it, which compute the same; --format mpijob has nodes");
    if (processes.all() > 1) parameters[kProcesses] = {{"runtimeValue", {{"constant", static_cast<double>(processes.all())}}}};
  }

  json bound(const runtime::StepValue& value, const json& fixed) {
    parameters_[value.given_as] = parameter_definition(*value.spec);
    parameters_[value.given_as]["defaultValue"] = fixed;
    parameters_[value.given_as]["isOptional"] = true;
    return {{"componentInputParameter", value.given_as}};
  }

  /// The task that makes an artifact of an address, which is an input of the pipeline.
  std::string importer(const std::string& input, const std::string& type, const std::string& path) {
    const std::string task = "importer-" + dashed(input);
    if (tasks_.contains(task)) return task;
    if (!is_address(path) && noted_.insert(task).second)
      contract_.notes.push_back(input + " is '" + path + "': an importer takes an address, such as s3://bucket/" + input);
    parameters_[input] = {
        {"defaultValue", path}, {"description", "The address of the artifact."}, {"isOptional", true}, {"parameterType", "STRING"}};
    components_["comp-" + task] = {{"executorLabel", "exec-" + task},
                                   {"inputDefinitions", {{"parameters", {{"uri", {{"parameterType", "STRING"}}}}}}},
                                   {"outputDefinitions", {{"artifacts", {{"artifact", {{"artifactType", artifact_type(type)}}}}}}}};
    executors_["exec-" + task] = {
        {"importer", {{"artifactUri", {{"runtimeParameter", "uri"}}}, {"typeSchema", artifact_type(type)}}}};
    tasks_[task] = task_of(task, task, {{"parameters", {{"uri", {{"componentInputParameter", input}}}}}});
    return task;
  }

  Contract& contract_;
  json components_ = json::object(), executors_ = json::object(), tasks_ = json::object(), parameters_ = json::object();
  std::set<std::string> noted_;
};

}  // namespace

std::string kubeflow(Contract& contract) { return runtime::yaml_of(PipelineWriter(contract).document()); }

}  // namespace torchport::component
