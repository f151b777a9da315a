#include "runtime/pipeline/inputs.h"

#include <algorithm>

namespace torchport::runtime {

bool is_pipeline_name(const std::string& text, bool dashes) {
  const auto legal = [&](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (dashes && c == '-'); };
  return !text.empty() && text.size() <= kLongestPipelineName && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(), legal);
}

void PipelineInputs::read(const YAML::Node& inputs, Settings* settings, const std::map<std::string, GivenInput>& given) {
  if (!faults_.expect_map(inputs, "inputs")) return;
  for (const auto& entry : inputs) {
    const std::string name = entry.first.Scalar();
    if (!is_pipeline_name(name, false))
      faults_.unclear(entry.first, "'" + name + "' is not a name: a small letter, then small letters, digits and _");
    const auto from_outside = given.find(name);
    const auto set = settings ? settings->take("inputs", name) : std::nullopt;
    if (set) {
      inputs_[name].said = *set;
    } else if (from_outside != given.end()) {
      inputs_[name] = from_outside->second;
    } else if (entry.second.IsNull()) {
      inputs_[name].said = {"", faults_.place(entry.first), faults_.place(entry.first), std::filesystem::path()};
    } else {
      inputs_[name].said = said(entry.second, "the input " + name, faults_);
    }
    if (settings) inputs_[name].name = name;
  }
}

const GivenInput* PipelineInputs::find(const std::string& name, const YAML::Node& where) {
  const auto found = inputs_.find(name);
  if (found == inputs_.end()) {
    faults_.add(where, "ParameterParsing.unknown_input", {{"name", name}, {"nearest", did_you_mean(name, names())}});
    return nullptr;
  }
  if (found->second.is_wire() || !found->second.said.text.empty()) return &found->second;
  if (missing_.insert(name).second) faults_.add(Error("NullOrEmpty.pipeline_input", {{"name", name}}), found->second.said.place);
  return nullptr;
}

std::vector<std::string> PipelineInputs::names() const {
  std::vector<std::string> names;
  for (const auto& [name, given] : inputs_) names.push_back(name);
  return names;
}

}  // namespace torchport::runtime
