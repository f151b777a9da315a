// Values of a step's parameters and run settings, from the pipeline file, its inputs and --set. Called by the reader.
#pragma once
#include <map>
#include <optional>

#include "runtime/pipeline/file_faults.h"
#include "runtime/pipeline/pipeline.h"

namespace torchport::runtime {

/// One value as somebody gave it.
struct Said {
  std::string text;                  ///< "": there is none yet
  std::string origin;                ///< "pipeline.yaml:14:15" or "command line"
  std::string place;                 ///< for errors: the same, or what was typed
  std::filesystem::path base;        ///< the folder that a path in it is relative to
  bool quoted = false;               ///< a text in YAML, whatever it looks like
  bool list = false;                 ///< [48, 64]
  std::vector<std::string> parts{};  ///< of a list
  bool from_command_line() const { return origin == "command line"; }
};

/// What a node says: a scalar, or a list of scalars as one text. Other nodes are reported.
Said said(const YAML::Node& node, const std::string& what, FileFaults& faults);

/// The files and folders that a value of a row with `path` names.
std::vector<std::filesystem::path> named_paths(const ParameterSpec& spec, const std::string& text);

/// Parses `said` for a row of the spec and appends it to `values`; its notes go into `pipeline`, faults into `faults`.
void add_value(std::vector<StepValue>& values, const ParameterSpec& spec, const Said& said, Pipeline& pipeline, FileFaults& faults);

}  // namespace torchport::runtime
