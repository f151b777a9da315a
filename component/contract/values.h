// Values, defaults and bounds of the specs as other systems write them. Called by the writers of contracts.
#pragma once
#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "component/contract/contract.h"

namespace torchport::component {

/// A number, a truth or a text; a size of two lengths is the text "[48, 64]".
nlohmann::ordered_json json_of(const runtime::ParameterSpec& row, const runtime::Value& value);

/// The default, or nothing.
std::optional<nlohmann::ordered_json> default_of(const runtime::ParameterSpec& row);

/// The least and the most that a number may be, both included; nothing where there is no bound.
struct Bounds {
  std::optional<nlohmann::ordered_json> least, most;
};
Bounds bounds_of(const runtime::ParameterSpec& row);

/// What the parameter means, in one line: help, unit, and what is allowed.
std::string meaning(const runtime::ParameterSpec& row);

/// Whether a value is a text for whoever passes it on, so that it needs quotes in a shell.
bool is_text(const runtime::ParameterSpec& row);

/// Whether a component of another system can have the parameter: not a list of folders.
bool is_portable(const runtime::ParameterSpec& row);

/// Those of a step that somebody gave, and that say what it computes: not where and by what it is started, which is noted.
std::vector<const runtime::StepValue*> given_values(const runtime::Step& step, Contract& contract);

/// The run setting of a step, or its default.
std::int64_t run_number(const runtime::Step& step, const char* setting);

/// A path of a pipeline as it is to stand in a file of `folder`: an address as it is, another relative to the folder.
std::string path_from(const std::filesystem::path& path, const std::filesystem::path& folder);

/// A value that names a path, or lines of PREFIX=FOLDER, with whole paths in it.
std::string with_whole_paths(const runtime::ParameterSpec& row, const std::string& text);

/// An input or a path in a value of a step, and what a note calls it: "convert.input".
struct NamedPath {
  std::string name;
  std::filesystem::path path;
};
/// Those of all steps that no other step makes.
std::vector<NamedPath> paths_from_outside(const Contract& contract);

bool is_address(const std::filesystem::path& path);

}  // namespace torchport::component
