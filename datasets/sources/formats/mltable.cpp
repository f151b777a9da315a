// An MLTable: a folder whose file of that name says which label file it is and how it is read.
#include "datasets/sources/label_source.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/text/yaml.h"

namespace torchport::datasets {
namespace fs = std::filesystem;
using runtime::Error;
namespace {

constexpr const char* kName = "MLTable";

[[noreturn]] void fail(const fs::path& file, const YAML::Node& node, const std::string& reason) {
  throw Error("InvalidDataset.label_file",
              {{"path", file.string()}, {"line", std::to_string(node.Mark().line + 1)}, {"reason", reason}});
}

YAML::Node parsed(const fs::path& file) {
  try {
    return runtime::parse_yaml(runtime::read_file(file, runtime::kSmallText));
  } catch (const runtime::YamlError& error) {
    throw Error("InvalidDataset.label_file",
                {{"path", file.string()}, {"line", std::to_string(error.line)}, {"reason", "cannot be read: " + error.reason}});
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
  if (path.Scalar().find("://") != std::string::npos)
    fail(file, paths, "names a file in the cloud: download it, and name it relative to the MLTable");
  return (file.parent_path() / path.Scalar()).lexically_normal();
}

/// How the rows are read, by the only transformations that change nothing else.
bool is_table(const YAML::Node& root, const fs::path& file) {
  bool table = false;
  const YAML::Node transformations = root["transformations"];
  if (!transformations) return false;
  if (!transformations.IsSequence()) fail(file, transformations, "has transformations that are no list");
  for (const auto& one : transformations) {
    const std::string name = one.IsScalar() ? one.Scalar() : one.IsMap() && one.size() == 1 ? one.begin()->first.Scalar() : "";
    if (name == "read_delimited")
      table = true;
    else if (name != "read_json_lines" && name != "convert_column_types")
      fail(file, one, "has the transformation '" + name + "', which is not done here");
  }
  return table;
}

}  // namespace

std::optional<ImageSource> mltable(const SourceOptions& options) {
  const fs::path file = options.path / kName;
  std::error_code none;
  if (!fs::is_regular_file(file, none)) return std::nullopt;
  const YAML::Node root = parsed(file);
  if (!root.IsMap()) fail(file, root, "is no map");
  const bool table = is_table(root, file);
  const fs::path rows = label_file(root, file);
  return label_source(table ? read_label_csv(rows) : read_json_lines(rows), rows, options.path, options);
}

}  // namespace torchport::datasets
