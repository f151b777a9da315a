// An MLTable: a folder whose file of that name says which label file it is and how it is read.
#include <algorithm>

#include "datasets/sources/image_tree.h"
#include "datasets/sources/label_source.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/text/yaml.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
using runtime::Error;
namespace {

[[noreturn]] void fail(const fs::path& file, const YAML::Node& node, const std::string& reason) {
  refuse_row(file, static_cast<std::size_t>(std::max(node.Mark().line + 1, 1)), reason);
}

YAML::Node parsed(const fs::path& file) {
  try {
    return runtime::parse_yaml(runtime::read_file(file, runtime::kSmallText));
  } catch (const runtime::YamlError& error) {
    refuse_row(file, static_cast<std::size_t>(std::max(error.line, 1)), "cannot be read: " + error.reason);
  } catch (const std::runtime_error& error) {
    throw Error("CouldNotOpenFile.file", {{"path", file.string()}, {"reason", error.what()}});
  }
}

fs::path label_file(const YAML::Node& root, const fs::path& file) {
  const YAML::Node paths = root["paths"];
  if (!paths || !paths.IsSequence() || paths.size() == 0) fail(file, root, "has no list 'paths'");
  if (paths.size() > 1) fail(file, paths, "names several paths, of which one label file can be read");
  const YAML::Node path = paths[0].IsMap() ? paths[0]["file"] : YAML::Node();
  if (!path || !path.IsScalar()) fail(file, paths, "names no 'file': folders and patterns are not read");
  const std::string& name = path.Scalar();
  if (name.find("://") != name.npos)
    fail(file, path, "names a file in the cloud: download it, and name it relative to the MLTable");
  try {
    return runtime::resolve_inside(file.parent_path(), fs::path(name).lexically_normal().string());
  } catch (const std::runtime_error& error) {
    fail(file, path, "names the file '" + name + "', which cannot be used: " + error.what());
  }
}

/// A setting of read_delimited that is not what a CSV file is read by.
void check_table(const YAML::Node& settings, const fs::path& file) {
  if (!settings.IsMap()) return;
  for (const auto& [key, wanted] : {std::pair("delimiter", ","), std::pair("encoding", "utf8")}) {
    const YAML::Node value = settings[key];
    if (value && value.IsScalar() && value.Scalar() != wanted)
      fail(file, value, std::string("has ") + key + " '" + value.Scalar() + "'; read is '" + wanted + "'");
  }
}

/// How the rows are read, by the only transformations that change nothing else.
bool is_table(const YAML::Node& root, const fs::path& file) {
  bool table = false;
  const YAML::Node transformations = root["transformations"];
  if (!transformations) return false;
  if (!transformations.IsSequence()) fail(file, transformations, "has transformations that are no list");
  for (const auto& one : transformations) {
    const std::string name = one.IsScalar() ? one.Scalar() : one.IsMap() && one.size() == 1 ? one.begin()->first.Scalar() : "";
    if (name == "read_delimited") {
      table = true;
      if (one.IsMap()) check_table(one.begin()->second, file);
    } else if (name != "read_json_lines" && name != "convert_column_types") {
      fail(file, one, "has the transformation '" + name + "', which is not done here");
    }
  }
  return table;
}

}  // namespace

std::optional<ImageSource> mltable(const SourceOptions& options) {
  const fs::path folder = only_folder(options.path), file = folder / kTableFile;
  std::error_code none;
  if (!fs::is_regular_file(file, none)) return std::nullopt;
  const YAML::Node root = parsed(file);
  if (!root.IsMap()) fail(file, root, "is no map");
  const bool table = is_table(root, file);
  const LabelFile found{folder, label_file(root, file), {file}};
  return label_source(table ? read_label_csv(found.file) : read_json_lines(found.file), found, options);
}

}  // namespace torchport::datasets
