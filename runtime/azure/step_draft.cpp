#include "runtime/azure/step_draft.h"

#include <algorithm>
#include <set>

#include "runtime/azure/component.h"
#include "runtime/azure/replaced_step.h"
#include "runtime/azure/run_settings.h"
#include "runtime/request/parse_value.h"
#include "runtime/text/yaml_writer.h"

namespace torchport::runtime::azure {
namespace {

std::string yaml_value(const ParameterSpec& parameter, const Value& value, const std::string& text) {
  switch (parameter.type) {
    case ParameterType::boolean:
      return std::get<bool>(value) ? "true" : "false";
    case ParameterType::integer:
    case ParameterType::real:
      return text;
    case ParameterType::size:
      return text_of_value(value);
    case ParameterType::choice:
    case ParameterType::string:
      break;
  }
  return yaml_text(text);
}

/// The text of a flag with values in the places of its inputs; nothing where one has none.
Bound text_of(const CommandFlag& flag, const JobStep& step) {
  const AzureComponent& component = step.azure_component;
  Bound all{Bound::Kind::text, flag.value, "", "", "", component.command_place, component.faults->file().parent_path()};
  for (const std::string& input : placeholders(flag.value, "inputs")) {
    const Bound value = step.value(input);
    if (value.kind != Bound::Kind::text) return {};
    const std::string hole = "${{inputs." + input + "}}";
    all.text.replace(all.text.find(hole), hole.size(), value.text);
    all.place = value.place;
    all.base = value.base;
    if (flag.value == hole) all.input = value.input;
  }
  return all;
}

bool is_optional(const AzureComponent& component, const std::string& input) {
  return std::any_of(component.inputs.begin(), component.inputs.end(),
                     [&](const DeclaredInput& one) { return one.name == input && one.optional; });
}

/// One flag of the command.
class FlagReader {
 public:
  FlagReader(DraftStep& made, const JobStep& step, Wiring& wiring, Draft& draft)
      : made_(made), step_(step), wiring_(wiring), draft_(draft) {}

  void read(const CommandFlag& flag) {
    for (const std::string& input : placeholders(flag.value, "inputs")) used.insert(input);
    const auto named = [&](const auto& row) { return bare(row.flag) == bare(flag.name); };
    const ComponentSpec& component = *step_.component;
    const std::string& place = step_.azure_component.command_place;
    if (const auto port = std::find_if(component.inputs.begin(), component.inputs.end(), named); port != component.inputs.end()) {
      read_port(*port, flag);
    } else if (const auto row = std::find_if(component.parameters.begin(), component.parameters.end(), named);
               row != component.parameters.end()) {
      read_parameter(*row, flag);
    } else if (const ParameterSpec* const setting = run_setting(flag)) {
      read_setting(*setting, flag);
    } else if (std::none_of(component.outputs.begin(), component.outputs.end(), named)) {
      fault(Error("ParameterParsing.unknown_flag", {{"flag", flag.name}, {"component", component.name}, {"nearest", ""}}));
    } else if (only_placeholder(flag.value, "outputs").empty()) {
      draft_.note(place,
                  step_.where() + ": --" + flag.name + " is " + flag.value + ": here it is the step's own folder of the run");
    }
  }

  std::set<std::string> used, set;  ///< inputs of the component, and our parameters

 private:
  void fault(const Error& error) { step_.azure_component.faults->add(error, step_.azure_component.command_place); }

  /// Whether an input without a value may be left out.
  bool may_lack(const CommandFlag& flag, const std::string& input) const {
    return flag.may_be_absent || is_optional(step_.azure_component, input);
  }

  void read_port(const PortSpec& port, const CommandFlag& flag) {
    const std::string input = only_placeholder(flag.value, "inputs");
    const Bound bound = input.empty() ? text_of(flag, step_) : step_.value(input);
    if (!input.empty() && bound.kind == Bound::Kind::none && may_lack(flag, input) && bound.input.empty()) return;
    if (input.empty() && (bound.kind == Bound::Kind::none || flag.value.find("${{") != std::string::npos))
      return fault(Error("FileParsingFailed.azure",
                         {{"reason", "--" + flag.name + " of " + step_.azure + " is a path with something beside it"}}));
    const std::string text = wiring_.port(step_, input.empty() ? port.name : input, bound);
    if (!text.empty()) made_.inputs.push_back({port.name, text, bound.place.empty() ? step_.place : bound.place});
  }

  void read_parameter(const ParameterSpec& row, const CommandFlag& flag) {
    const Bound value = text_of(flag, step_);
    if (value.kind == Bound::Kind::text && !(value.text.empty() && flag.may_be_absent)) {
      set.insert(row.name);
      return add_parameter(made_, row, value, step_, draft_);
    }
    for (const std::string& input : placeholders(flag.value, "inputs"))
      if (may_lack(flag, input)) return;
    fault(Error("FileParsingFailed.azure", {{"reason", "--" + flag.name + " of " + step_.azure + " gets no value"}}));
  }

  /// Of torchport's own command, whose flags are run settings, too.
  const ParameterSpec* run_setting(const CommandFlag& flag) const {
    if (step_.azure_component.command.component.empty()) return nullptr;
    for (const ParameterSpec* const row : Specs::get().run_settings_of(*step_.component))
      if (bare(row->flag) == bare(flag.name)) return row;
    return nullptr;
  }

  void read_setting(const ParameterSpec& row, const CommandFlag& flag) {
    const Bound value = text_of(flag, step_);
    Problems mine;
    mine.collect([&] {
      made_.run.push_back({row.name, yaml_value(row, understand(row, value.text).value, value.text), value.place});
    });
    for (const Error& error : mine.all()) step_.azure_component.faults->add(error, value.place);
  }

  DraftStep& made_;
  const JobStep& step_;
  Wiring& wiring_;
  Draft& draft_;
};

/// Whether the numbers of machines or processes have the input that a step gets, too.
bool feeds_run(const JobStep& step, const Bound& value) {
  for (const char* const section : {"distribution", "resources"})
    if (const YAML::Node map = step.node[section]; map && map.IsMap() && !value.input.empty())
      for (const auto& entry : map)
        if (entry.second.IsScalar() && only_placeholder(entry.second.Scalar(), "parent.inputs") == value.input) return true;
  return false;
}

/// What a job gives its step in vain.
void note_unused(const JobStep& step, const std::set<std::string>& used, Draft& draft) {
  for (const auto& [name, value] : step.given) {
    if (!step.azure_component.has(name)) {
      draft.note(value.place, undeclared(step, name, "component"));
    } else if (!used.count(name) && !feeds_run(step, value)) {
      const std::string what = value.kind == Bound::Kind::text ? name + " = '" + value.text + "'" : name;
      draft.note(value.place, step.where() + ": the input " + what +
                                  " does not reach its command, which has it fixed or not at all: the command wins");
    }
  }
}

/// What the program itself takes for flags that its command lacks.
void add_code_defaults(DraftStep& made, const JobStep& step, const std::set<std::string>& set, Draft& draft) {
  if (!step.azure_component.command.component.empty()) return;  // of torchport, whose defaults are these
  const OriginalSpec& original = *step.component->original;
  const std::string place = step.azure_component.command_place;
  for (const auto& [name, text] : original.defaults) {
    if (set.count(name)) continue;
    const ParameterSpec& row = *step.component->parameter(name);
    add_parameter(made, row, {Bound::Kind::text, text, "", "", "", place, {}}, step, draft);
    draft.note(place, step.where() + ": --" + name + " is not in its command: the program's own default " + text +
                          ", not the designer's " + row.default_or_none());
  }
  for (const std::string& name : original.required)
    if (!set.count(name))
      draft.note(place, step.where() + ": --" + name + " is not in its command and has no default in the designer: " +
                            step.component->parameter(name)->default_or_none() + " here");
}

/// A parameter's file: of an input of the job one of the pipeline, else the step's own.
DraftValue file_of(const DraftStep& made, const ParameterSpec& parameter, const Bound& value, const JobStep& step, Draft& draft) {
  DraftValue file{parameter.name, "", value.place, "", true, {}};
  const bool is_drive = is_of_drive(value.text), in_cloud = is_drive || is_in_cloud(value.text);
  if (!in_cloud) file.path = draft.from_here(value.base, local_path(value.text));
  if (in_cloud || !value.input.empty())
    file.input = draft.input(value.input.empty() ? made.name + "_" + parameter.name : value.input, file.path, value.place);
  if (in_cloud)
    draft.note(value.place, step.where() + ": the file of " + parameter.name +
                                (is_drive ? " is one of Windows (" : " is in the cloud (") + value.text +
                                "): give its path, --set " + file.input + "=PATH");
  return file;
}

/// A parameter's value: of an input of the job one of the pipeline, which --set gives another for all that take it.
DraftValue value_of(const ParameterSpec& parameter, const Value& parsed, const Bound& value, const JobStep& step, Draft& draft) {
  DraftValue own{parameter.name, yaml_value(parameter, parsed, value.text), value.place, "", false, {}};
  if (value.input.empty() || value.text.empty()) return own;
  own.input = draft.value(value.input, own.text, value.place);
  if (own.input.empty())
    draft.note(value.place, step.where() + ": " + parameter.name + " has its value, and not the input " + value.input +
                                ", which is of another kind elsewhere");
  return own;
}

}  // namespace

void add_parameter(DraftStep& made, const ParameterSpec& parameter, const Bound& value, const JobStep& step, Draft& draft) {
  Problems mine;
  mine.collect([&] {
    const auto [parsed, note] = understand(parameter, value.text);
    if (note) draft.note(value.place, step.where() + ": " + note->text);
    std::erase_if(made.parameters,
                  [&](const DraftValue& one) { return one.name == parameter.name; });  // of a flag given twice the last counts
    made.parameters.push_back(parameter.path && !parameter.several ? file_of(made, parameter, value, step, draft)
                                                                   : value_of(parameter, parsed, value, step, draft));
  });
  for (const Error& error : mine.all()) step.faults->add(error, value.place);
}

void follow_command(DraftStep& made, const JobStep& step, Wiring& wiring, Draft& draft) {
  FlagReader reader(made, step, wiring, draft);
  const std::vector<CommandFlag>& flags = step.azure_component.command.flags;
  for (auto flag = flags.begin(); flag != flags.end(); ++flag) {
    if (std::none_of(flag + 1, flags.end(), [&](const CommandFlag& later) { return bare(later.name) == bare(flag->name); })) {
      reader.read(*flag);
      continue;
    }
    for (const std::string& input : placeholders(flag->value, "inputs")) reader.used.insert(input);
    draft.note(step.azure_component.command_place,
               step.where() + ": --" + flag->name + " is given again after that: the last counts");
  }
  note_unused(step, reader.used, draft);
  add_code_defaults(made, step, reader.set, draft);
}

void draft_steps(Job& job, const ImportOptions& options, Draft& draft) {
  Wiring wiring(job, draft);
  for (const JobStep& step : job.steps) {
    if (!step.component) continue;
    DraftStep made{step.name, step.place, step.component, {}, {}, {}};
    made.own = !step.azure_component.command.component.empty();
    if (step.replaced) {
      follow_names(made, step, wiring, draft);
    } else {
      follow_command(made, step, wiring, draft);
    }
    add_run_settings(made, step, options, draft);
    draft.steps.push_back(std::move(made));
  }
}

}  // namespace torchport::runtime::azure
