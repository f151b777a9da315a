#include "runtime/azure/component.h"

#include <algorithm>

#include "runtime/text/text.h"

namespace torchport::runtime::azure {
namespace {

/// Keys that name a thing, or are read elsewhere.
bool is_quiet(const std::string& key) {
  static const std::vector<std::string> keys = {"$schema", "type",    "name",    "version",      "display_name", "description",
                                                "inputs",  "outputs", "command", "distribution", "resources",    "is_deterministic",
                                                "jobs"};
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

constexpr std::size_t kShortestLastWord = 4;  ///< "seed" of random_seed

std::vector<std::string> words_of(const std::string& name) {
  std::string text = name;
  std::replace(text.begin(), text.end(), '-', '_');
  return split(text, '_');
}

std::string initials(const std::string& name) {
  std::string letters;
  for (const std::string& word : words_of(name)) letters += word.substr(0, 1);
  return letters;
}

void read_outputs(const YAML::Node& outputs, AzureComponent& component) {
  if (!outputs || !outputs.IsMap()) return;
  for (const auto& entry : outputs) component.outputs.push_back(entry.first.Scalar());
}

void read_call(const YAML::Node& command, AzureComponent& component) {
  component.command = read_command(component.faults->scalar(command, "the command"));
  component.command_place = component.faults->place(command);
}

}  // namespace

bool AzureComponent::has(const std::string& input) const {
  return std::any_of(inputs.begin(), inputs.end(), [&](const DeclaredInput& one) { return one.name == input; });
}

Bound JobStep::value(const std::string& input) const {
  if (const auto found = given.find(input); found != given.end() && found->second.kind != Bound::Kind::none) return found->second;
  for (const DeclaredInput& one : azure_component.inputs)
    if (one.name == input && one.fallback.kind != Bound::Kind::none) return one.fallback;
  if (const auto found = given.find(input); found != given.end()) return found->second;
  return {};
}

AzureComponent read_component(const YAML::Node& node, const std::shared_ptr<FileFaults>& faults, Draft& draft) {
  AzureComponent component;
  component.faults = faults;
  if (!faults->expect_map(node, "the component")) return component;
  component.node = node;
  for (const auto& entry : node)
    if (!is_quiet(entry.first.Scalar()))
      draft.ignore(faults->place(entry.first), faults->file().filename().string(), entry.first.Scalar());
  if (const YAML::Node inputs = node["inputs"]; inputs && faults->expect_map(inputs, "inputs")) {
    for (const auto& entry : inputs) {
      const YAML::Node& declared = entry.second;
      DeclaredInput input{entry.first.Scalar(), bind(declared.IsMap() ? declared : YAML::Node(), {}, *faults), false,
                          faults->place(entry.first)};
      input.optional = declared.IsMap() && declared["optional"] && azure_text(declared["optional"]) == "True";
      component.inputs.push_back(std::move(input));
    }
  }
  read_outputs(node["outputs"], component);
  if (node["command"]) read_call(node["command"], component);
  return component;
}

AzureComponent component_of_job(const YAML::Node& job, const std::shared_ptr<FileFaults>& faults) {
  AzureComponent component;
  component.faults = faults;
  component.node = job;
  if (const YAML::Node inputs = job["inputs"]; inputs && inputs.IsMap())
    for (const auto& entry : inputs) component.inputs.push_back({entry.first.Scalar(), {}, false, faults->place(entry.first)});
  read_outputs(job["outputs"], component);
  if (job["command"]) read_call(job["command"], component);
  return component;
}

const ComponentSpec* counterpart(const CommandLine& command) {
  for (const ComponentSpec& component : Specs::get().components())
    if (component.name == command.component || (component.original && component.original->module == command.module))
      return &component;
  return nullptr;
}

const ComponentSpec* named_in(const std::string& command) {
  for (const ComponentSpec& component : Specs::get().components())
    if (component.original && command.find(component.original->module) != command.npos) return &component;
  return nullptr;
}

const ComponentSpec* alike(const AzureComponent& component) {
  const ComponentSpec* best = nullptr;
  std::size_t most = 1;
  for (const ComponentSpec& ours : Specs::get().components()) {
    std::size_t count = 0;
    for (const DeclaredInput& input : component.inputs) count += parameter_like(ours, input.name) ? 1 : 0;
    if (count > most) best = &ours;
    most = std::max(most, count);
  }
  return best;
}

std::string bare(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) out += c;
    if (c >= 'A' && c <= 'Z') out += static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

const ParameterSpec* parameter_like(const ComponentSpec& component, const std::string& input) {
  const auto find = [&](auto&& fits) -> const ParameterSpec* {
    const auto found = std::find_if(component.parameters.begin(), component.parameters.end(), fits);
    return found == component.parameters.end() ? nullptr : &*found;
  };
  const std::string wanted = bare(input);
  if (const auto* const same = find([&](const ParameterSpec& one) {
        return bare(one.name) == wanted || bare(one.flag) == wanted || bare(one.title) == wanted;
      }))
    return same;
  const auto original = [](const ParameterSpec& one) { return !one.option; };
  if (const auto* const short_form = find([&](const ParameterSpec& one) { return original(one) && initials(one.name) == wanted; }))
    return wanted.size() > 1 ? short_form : nullptr;
  if (wanted.size() < kShortestLastWord) return nullptr;
  return find([&](const ParameterSpec& one) { return original(one) && words_of(one.name).back() == wanted; });
}

}  // namespace torchport::runtime::azure
