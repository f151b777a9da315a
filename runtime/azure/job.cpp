#include "runtime/azure/job.h"

#include <algorithm>

#include "runtime/azure/component.h"
#include "runtime/files/files.h"
#include "runtime/pipeline/inputs.h"
#include "runtime/text/shell.h"
#include "runtime/text/text.h"

namespace torchport::runtime::azure {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kDeepest = 8;        ///< of pipelines within pipelines; one may name itself
constexpr std::size_t kMostJobs = 10'000;  ///< of all of them together: a few that name themselves are any number

bool is_one_of(const std::string& key, std::initializer_list<const char*> keys) {
  return std::any_of(keys.begin(), keys.end(), [&](const char* one) { return key == one; });
}

std::string text_at(const YAML::Node& map, const char* key) { return map[key] && map[key].IsScalar() ? map[key].Scalar() : ""; }

/// "azureml:NAME:VERSION", "azureml:NAME@LABEL" or "azureml://registries/R/components/NAME/versions/VERSION" as words of a command.
std::string show_command(const std::string& reference) {
  if (!reference.starts_with("azureml:")) return "curl -LO " + shell_word(reference);
  std::string name = reference.substr(reference.find(':') + 1), which = " --label latest", registry;
  if (const std::size_t at = reference.find("/components/"); at != reference.npos) {
    const auto parts = split(reference.substr(at + 12), '/');
    name = parts[0];
    if (parts.size() > 2) which = (parts[1] == "labels" ? " --label " : " --version ") + parts[2];
    const auto before = split(reference.substr(0, at), '/');
    if (reference.find("//registries/") != reference.npos) registry = " --registry-name " + before.back();
  } else if (const std::size_t end = name.find_first_of(":@"); end != name.npos) {
    which = (name[end] == '@' ? " --label " : " --version ") + name.substr(end + 1);
    name.resize(end);
  }
  return "az ml component show -n " + name + which + registry + " > " + name + ".yml";
}

/// What an input says beside its path.
void note_input(const YAML::Node& input, const FileFaults& faults, const std::string& where, Draft& draft) {
  if (!input.IsMap()) return;
  for (const auto& entry : input) {
    const std::string key = entry.first.Scalar();
    if (key == "mode") {
      draft.ignore(faults.place(entry.second), where, key, "paths are read where they are");
    } else if (!is_one_of(key, {"type", "path", "default", "description", "optional"})) {
      draft.ignore(faults.place(entry.first), where, "the " + key + " of an input");
    }
  }
}

/// Reads the steps of one `jobs:`, and those of pipelines within it.
class StepReader {
 public:
  StepReader(std::shared_ptr<FileFaults> faults, std::shared_ptr<const Scope> scope, const ImportOptions& options, Job& job,
             Draft& draft)
      : faults_(std::move(faults)), scope_(std::move(scope)), options_(options), job_(job), draft_(draft) {}

  void read(const std::string& key, const YAML::Node& key_node, const YAML::Node& node) {
    JobStep step;
    step.azure = scope_->prefix + key;
    step.place = faults_->place(key_node);
    step.node = node;
    step.faults = faults_;
    step.scope = scope_;
    step.name = free_name(step);
    if (!faults_->expect_map(node, "the job " + key)) return;
    const auto replacement = options_.replace.find(step.azure);
    step.replaced = replacement != options_.replace.end();
    const std::string type = text_at(node, "type");
    if (!step.replaced && !is_one_of(type, {"", "command", "pipeline"}))
      return faults_->add(Error("ParameterParsing.azure_step", {{"step", step.azure}, {"type", type}}), step.place);
    const bool is_inner = type == "pipeline" && node["jobs"] && !step.replaced;
    if (!is_inner && !find_component(step)) return;
    note_keys(step);
    if (is_inner) return read_inner(step, node, faults_);
    if (text_at(step.azure_component.node, "type") == "pipeline" && !step.replaced)
      return read_inner(step, step.azure_component.node, step.azure_component.faults);
    if (node["inputs"] && faults_->expect_map(node["inputs"], "inputs"))
      for (const auto& entry : node["inputs"]) {
        note_mode(entry.second, step.where());
        step.given[entry.first.Scalar()] = bind(entry.second, *scope_, *faults_);
      }
    if (step.replaced) {
      step.component = &Specs::get().component(replacement->second);
    } else {
      match(step);
    }
    job_.steps.push_back(std::move(step));
  }

 private:
  std::string free_name(const JobStep& step) {
    const std::string base = as_name(step.azure);
    std::string name = base;
    const auto taken = [&] {
      return std::any_of(job_.steps.begin(), job_.steps.end(), [&](const JobStep& one) { return one.name == name; });
    };
    for (int number = 2; taken(); ++number) name = base + "_" + std::to_string(number);
    if (name != step.azure) draft_.note(step.place, step.where() + ": its name is " + name + " here");
    return name;
  }

  void note_mode(const YAML::Node& input, const std::string& where) { note_input(input, *faults_, where, draft_); }

  void note_keys(const JobStep& step) {
    const bool is_own = !step.azure_component.command.component.empty();  // torchport contract names its steps by their components
    for (const auto& entry : step.node) {
      const std::string key = entry.first.Scalar();
      if (key == "environment_variables" && entry.second.IsMap()) {
        for (const auto& variable : entry.second)
          draft_.note(faults_->place(variable.first), step.where() + ": the environment variable " + variable.first.Scalar() +
                                                          " is not set: set it where torchport is started, if a step needs it");
      } else if (!is_one_of(
                     key, {"type", "component", "inputs", "outputs", "command", "distribution", "resources", "$schema", "jobs"}) &&
                 !(key == "display_name" && is_own)) {
        draft_.ignore(faults_->place(entry.first), step.where(), key);
      }
    }
    note_outputs(step.node, *faults_, step.where());
  }

  /// Of outputs only the names count.
  void note_outputs(const YAML::Node& node, const FileFaults& faults, const std::string& where) {
    const YAML::Node outputs = node["outputs"];
    if (!outputs || !outputs.IsMap()) return;
    for (const auto& output : outputs) {
      if (!output.second.IsMap()) continue;
      for (const auto& entry : output.second)
        if (const std::string key = entry.first.Scalar(); !is_one_of(key, {"type", "description"}))
          draft_.ignore(faults.place(entry.first), where, "the " + key + " of an output",
                        is_one_of(key, {"name", "version"}) ? "nothing is registered" : "it lies in the run folder");
    }
  }

  /// Finds the command component of a step: a file, a map, or the step itself. False where there is none.
  bool find_component(JobStep& step) {
    const YAML::Node component = step.node["component"];
    if (!component) {
      step.azure_component = component_of_job(step.node, faults_);
      if (!step.node["command"] && !step.replaced)
        faults_->add(step.node, "NullOrEmpty.pipeline_key", {{"what", "the job " + step.azure}, {"key", "component"}});
      return step.node["command"] || step.replaced;
    }
    if (component.IsMap()) {
      step.azure_component = read_component(component, faults_, draft_);
      return true;
    }
    std::string path = faults_->scalar(component, "the component");
    if (path.empty()) return false;
    const std::string written = path;
    path = local_path(written);
    if (is_of_windows(written)) draft_.note(faults_->place(component), step.where() + ": " + written + " is taken as " + path);
    if (is_in_cloud(path)) {
      step.azure_component = component_of_job(step.node, faults_);
      if (step.replaced) return true;
      faults_->add(component, "CouldNotOpenFile.azure_cloud",
                   {{"step", step.azure}, {"reference", path}, {"command", show_command(path)}});
      return false;
    }
    return read_file_of(step, faults_->file().parent_path() / path, component);
  }

  bool read_file_of(JobStep& step, const fs::path& file, const YAML::Node& where) {
    const auto known = files_.find(file.string());
    if (known != files_.end()) {
      step.azure_component = known->second;
      return true;
    }
    try {
      auto faults = std::make_shared<FileFaults>(file.lexically_normal(), faults_->problems(), "FileParsingFailed.azure");
      files_[file.string()] = read_component(parse_yaml_with_aliases(read_file(file, kSmallText)), faults, draft_);
      step.azure_component = files_[file.string()];
      return true;
    } catch (const YamlError& error) {
      faults_->add(Error("FileParsingFailed.azure", {{"reason", error.reason}}),
                   file.lexically_normal().string() + ":" + std::to_string(error.line) + ":" + std::to_string(error.column));
    } catch (const std::runtime_error& error) {
      faults_->add(where, "CouldNotOpenFile.file", {{"path", file.lexically_normal().string()}, {"reason", error.what()}});
    }
    return false;
  }

  /// A pipeline as a step: its steps, with its name before theirs.
  void read_inner(const JobStep& step, const YAML::Node& pipeline, const std::shared_ptr<FileFaults>& faults) {
    auto inner = std::make_shared<Scope>();
    inner->prefix = step.azure + "_";
    const YAML::Node declared = pipeline["inputs"], given = step.node["inputs"], jobs = pipeline["jobs"];
    const bool own = pipeline.is(step.node);  // it declares its inputs by giving them
    if (!own && declared && !declared.IsNull() && faults->expect_map(declared, "inputs"))
      for (const auto& entry : declared) inner->inputs[entry.first.Scalar()] = bind(entry.second, {}, *faults);
    std::map<std::string, std::string> places;
    if (given && !given.IsNull() && faults_->expect_map(given, "inputs"))
      for (const auto& entry : given) {
        const std::string name = entry.first.Scalar();
        note_mode(entry.second, step.where());
        const Bound bound = bind(entry.second, *scope_, *faults_);
        places[name] = bound.place.empty() ? faults_->place(entry.first) : bound.place;
        if (own || inner->inputs.count(name)) {
          inner->inputs[name] = bound;
        } else {
          draft_.note(places[name], undeclared(step, name, "pipeline"));
          places.erase(name);
        }
      }
    if (!jobs) return faults->add(pipeline, "NullOrEmpty.pipeline_key", {{"what", "the pipeline " + step.azure}, {"key", "jobs"}});
    if (!faults->expect_map(jobs, "jobs")) return;
    if (job_.depth > kDeepest) {
      if (!job_.too_deep) faults->add(jobs, "FileParsingFailed.azure", {{"reason", "pipelines within pipelines, too deep"}});
      job_.too_deep = true;
      return;
    }
    note_outputs(pipeline, *faults, step.where());
    find_outputs(step, jobs, inner->prefix, *faults);
    read_steps(jobs, faults, inner, options_, job_, draft_);
    for (const auto& [name, place] : places)
      if (!inner->taken.count(name)) draft_.note(place, step.where() + ": no step of it takes its input " + name);
  }

  /// Which outputs of its steps are those of a pipeline within another.
  void find_outputs(const JobStep& step, const YAML::Node& jobs, const std::string& prefix, const FileFaults& faults) {
    for (const auto& entry : jobs) {
      if (!entry.second.IsMap() || !entry.second["outputs"] || !entry.second["outputs"].IsMap()) continue;
      for (const auto& output : entry.second["outputs"]) {
        const YAML::Node target = output.second.IsMap() ? output.second["path"] : output.second;
        const std::string text = target && target.IsScalar() ? target.Scalar() : "";
        const std::size_t at = text.find("parent.outputs."), end = text.find_first_of(" }", at == text.npos ? at : at + 15);
        if (at == text.npos) continue;
        job_.outputs[step.azure + "." + text.substr(at + 15, end - at - 15)] = {
            Bound::Kind::wire, "", prefix + entry.first.Scalar(), output.first.Scalar(), "", faults.place(output.second), {}};
      }
    }
  }

  void match(JobStep& step) {
    const CommandLine& command = step.azure_component.command;
    step.component = counterpart(command);
    const ComponentSpec* const named = step.component ? step.component : named_in(text_at(step.azure_component.node, "command"));
    if (!named) {
      draft_.left_out.push_back(step.azure);
      const ComponentSpec* const near = alike(step.azure_component);
      draft_.note(step.place, step.where() +
                                  ": its command is none of the designer's components, and the step is left out: --replace " +
                                  step.azure + "=" + (near ? near->name : "COMPONENT") + " puts one in its place");
      return;
    }
    const std::string odd = step.component || !command.odd.empty() ? command.odd : "'" + command.module + "' before the module";
    if (!odd.empty()) {
      const std::string call =
          command.component.empty() ? "python -m " + named->original->module : "torchport run " + command.component;
      step.azure_component.faults->add(Error("FileParsingFailed.azure_command",
                                             {{"step", step.azure}, {"odd", odd}, {"call", call}, {"component", named->name}}),
                                       step.azure_component.command_place);
    }
    if (!step.component) return;
    for (const CommandFlag& flag : command.flags)
      for (const PortSpec& port : step.component->outputs)
        if (const std::string output = only_placeholder(flag.value, "outputs");
            bare(flag.name) == bare(port.flag) && !output.empty())
          step.outputs[output] = port.name;
  }

  std::shared_ptr<FileFaults> faults_;
  std::shared_ptr<const Scope> scope_;
  const ImportOptions& options_;
  Job& job_;
  Draft& draft_;
  std::map<std::string, AzureComponent>& files_ = job_.files;
};

/// Whatever stands around the jobs.
void note_root(const YAML::Node& root, FileFaults& faults, Draft& draft) {
  for (const auto& entry : root) {
    const std::string key = entry.first.Scalar();
    if (key == "outputs") {
      draft.note(faults.place(entry.first), "outputs: ignored: each step's outputs are in its run folder");
    } else if (key == "settings" && entry.second.IsMap()) {
      for (const auto& setting : entry.second)
        draft.note(faults.place(setting.first),
                   "settings: " + setting.first.Scalar() + " is ignored" +
                       (setting.first.Scalar() == "force_rerun" ? ": --force STEP runs a step again" : ""));
    } else if (!is_one_of(key, {"$schema", "type", "name", "display_name", "description", "inputs", "jobs", "settings"})) {
      draft.note(faults.place(entry.first), key + (key.ends_with('s') ? " are" : " is") + " ignored");
    }
  }
}

}  // namespace

void read_steps(const YAML::Node& jobs, const std::shared_ptr<FileFaults>& faults, const std::shared_ptr<const Scope>& scope,
                const ImportOptions& options, Job& job, Draft& draft) {
  if (!faults->expect_map(jobs, "jobs")) return;
  const bool were_few = job.count <= kMostJobs;
  job.count += jobs.size();
  if (job.count > kMostJobs) {
    if (were_few)
      faults->add(jobs, "FileParsingFailed.azure",
                  {{"reason", "it has more than " + std::to_string(kMostJobs) + " jobs, those within others too"}});
    return;
  }
  ++job.depth;
  StepReader reader(faults, scope, options, job, draft);
  for (const auto& entry : jobs) reader.read(entry.first.Scalar(), entry.first, entry.second);
  --job.depth;
}

void read_job(const YAML::Node& root, std::shared_ptr<FileFaults> faults, const ImportOptions& options, Draft& draft) {
  const std::string title = text_at(root, "display_name").empty() ? text_at(root, "name") : text_at(root, "display_name");
  draft.name = is_pipeline_name(title, true) ? title : as_name(title.empty() ? faults->file().stem().string() : title);
  draft.description = text_at(root, "description");
  note_root(root, *faults, draft);
  auto scope = std::make_shared<Scope>();
  Job job;
  if (const YAML::Node inputs = root["inputs"]; inputs && faults->expect_map(inputs, "inputs")) {
    for (const auto& entry : inputs) {
      Bound bound = bind(entry.second, {}, *faults);
      bound.input = entry.first.Scalar();
      if (bound.place.empty()) bound.place = faults->place(entry.first);
      scope->inputs[bound.input] = bound;
      note_input(entry.second, *faults, "inputs." + bound.input, draft);
      if (as_name(bound.input) != bound.input)
        draft.note(faults->place(entry.first), "inputs." + bound.input + ": its name is " + as_name(bound.input) + " here");
    }
  }
  if (!faults->required(root, "jobs", "the file")) return;
  read_steps(root["jobs"], faults, scope, options, job, draft);
  draft_steps(job, options, draft);
  for (const auto& [name, bound] : scope->inputs) {
    const auto takes = [&, &wanted = name](const JobStep& step) {
      return std::any_of(step.given.begin(), step.given.end(), [&](const auto& one) { return one.second.input == wanted; });
    };
    if (std::none_of(job.steps.begin(), job.steps.end(), takes)) draft.note(bound.place, "inputs." + name + ": no step takes it");
  }
}

}  // namespace torchport::runtime::azure
