// The inputs of a pipeline: values and paths, with a value or to be given one. Used by the reader.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/pipeline/settings.h"

namespace torchport::runtime {

/// What an input has: a value or a path as somebody said it; of a pipeline within another perhaps the output of a step.
struct GivenInput {
  Said said;
  std::string step, output;
  std::string name{};  ///< of the input of the whole pipeline that it comes from, or ""
  bool is_wire() const { return !step.empty(); }
};

inline constexpr std::size_t kLongestPipelineName = 64;

/// A small letter, then small letters, digits and _; with `dashes` also -.
bool is_pipeline_name(const std::string& text, bool dashes);

class PipelineInputs {
 public:
  explicit PipelineInputs(FileFaults& faults) : faults_(faults) {}
  /// Reads `inputs:`. `settings` are those of --set, or null in a pipeline within another, whose inputs `given` names.
  void read(const YAML::Node& inputs, Settings* settings, const std::map<std::string, GivenInput>& given);
  /// The input that "inputs.NAME" means; null where it has no value or there is none, which is reported.
  const GivenInput* find(const std::string& name, const YAML::Node& where);
  std::vector<std::string> names() const;

 private:
  FileFaults& faults_;
  std::map<std::string, GivenInput> inputs_;
  std::set<std::string> missing_;  ///< those without a value that are reported
};

}  // namespace torchport::runtime
