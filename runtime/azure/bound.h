// What the inputs of jobs and components are bound to: a value, a path, or another job's output. Used by the readers of jobs.
#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "runtime/pipeline/file_faults.h"

namespace torchport::runtime::azure {

struct Bound {
  enum class Kind { none, text, wire };
  Kind kind = Kind::none;
  std::string text;          ///< a value as a command line gets it, or a path
  std::string step, output;  ///< of a wire: the job, with the names of the pipelines around it before it, and its output
  std::string input;         ///< the input of the whole pipeline that it comes from, or ""
  std::string place;
  std::filesystem::path base;  ///< the folder that a path in it is relative to: that of the file in which it stands
};

/// Where names of `${{parent…}}` are looked for: a pipeline, or one within another.
struct Scope {
  std::string prefix;  ///< of its jobs' names: "" or "inner_"
  std::map<std::string, Bound> inputs;
  mutable std::set<std::string> taken{};  ///< inputs that a binding has named
};

/// What Azure ML's programs write a YAML value as: True or False for its truths.
std::string azure_text(const YAML::Node& scalar);

/// What an entry of `inputs:` says: a value, a binding, or a map with `path:`; of a declaration its default.
Bound bind(const YAML::Node& node, const Scope& scope, FileFaults& faults);

/// Whether a path is none of this machine: of a datastore, an asset or the web.
bool is_in_cloud(const std::string& path);
/// "C:\photos": of a drive, which is not here.
bool is_of_drive(const std::string& path);
/// "..\photos": relative, with the separators of Windows.
bool is_of_windows(const std::string& path);
/// A path as it is named here: without `file:` or `file://`, and with / as the separator.
std::string local_path(const std::string& path);

}  // namespace torchport::runtime::azure
