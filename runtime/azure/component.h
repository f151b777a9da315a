// Reads a command component of Azure ML, and knows of which of ours it is the counterpart. Called by the reader of jobs.
#pragma once
#include "runtime/azure/job_step.h"

namespace torchport::runtime::azure {

/// Of a component's own file, or of a map that declares one. What is of no use here is noted in the draft.
AzureComponent read_component(const YAML::Node& node, const std::shared_ptr<FileFaults>& faults, Draft& draft);

/// A job with a `command:` of its own: its inputs are declared by having values.
AzureComponent component_of_job(const YAML::Node& job, const std::shared_ptr<FileFaults>& faults);

/// Our component that a command runs, or that stands for the module of the designer's which it runs; or null.
const ComponentSpec* counterpart(const CommandLine& command);

/// Our component whose module of the designer's stands anywhere in the text of a command; or null.
const ComponentSpec* named_in(const std::string& command);

/// Our component that most inputs of a step have names of, at least two; or null.
const ComponentSpec* alike(const AzureComponent& component);

/// Small letters and digits only: names, flags and labels of one thing are alike by it.
std::string bare(const std::string& text);

/// The parameter that an input of another program may mean: by its name, its initials or its last word. Null: none.
const ParameterSpec* parameter_like(const ComponentSpec& component, const std::string& input);

}  // namespace torchport::runtime::azure
