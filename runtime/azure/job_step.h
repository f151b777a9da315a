// A step of a job of Azure ML as it is read, before its inputs are followed to where they come from. Made by the reader of jobs.
#pragma once
#include <memory>
#include <optional>

#include "runtime/azure/bound.h"
#include "runtime/azure/command_line.h"
#include "runtime/azure/draft.h"

namespace torchport::runtime::azure {

/// An input that a command component declares.
struct DeclaredInput {
  std::string name;
  Bound fallback;  ///< its default
  bool optional = false;
  std::string place;
};

/// A command component, from a file of its own or written into the job.
struct AzureComponent {
  std::shared_ptr<FileFaults> faults;  ///< of the file that it stands in
  YAML::Node node;
  std::vector<DeclaredInput> inputs;
  std::vector<std::string> outputs;
  CommandLine command;
  std::string command_place;
  bool has(const std::string& input) const;
};

struct JobStep {
  std::string name;   ///< in the pipeline that is made
  std::string azure;  ///< "inner_train": with the names of the pipelines around it; wires name it
  std::string place;
  YAML::Node node;
  std::shared_ptr<FileFaults> faults;
  std::shared_ptr<const Scope> scope;
  AzureComponent azure_component;
  const ComponentSpec* component = nullptr;    ///< ours; null: the step is left out
  bool replaced = false;                       ///< by --replace: its command is another program's
  std::map<std::string, std::string> outputs;  ///< our ports by the names of its outputs
  std::map<std::string, Bound> given;          ///< what the job gives its inputs

  /// What the input has: what the job gives, else the component's default.
  Bound value(const std::string& input) const;
  std::string where() const { return "jobs." + azure; }
};

/// What is said of an input that the step's component, or a pipeline that is the step, does not declare.
inline std::string undeclared(const JobStep& step, const std::string& input, const char* what) {
  return step.where() + ": the input " + input + " is none of its " + what + ": Azure drops it silently, so it is left out";
}

}  // namespace torchport::runtime::azure
