#include "runtime/launch/engine_spec.h"

#include "runtime/error/error.h"
#include "runtime/spec/embedded.h"
#include "runtime/spec/spec_map.h"
#include "runtime/spec/spec_reader.h"

namespace torchport::runtime {
namespace {

constexpr std::string_view kShared = "engines/shared/settings.yaml";

SpecMap root_of(const std::string& path, std::string_view text) {
  try {
    return {path, parse_yaml(text), "the file"};
  } catch (const YamlError& error) {
    throw Error("FileParsingFailed.spec", {{"path", path}, {"reason", error.what()}});
  }
}

EngineSetting read_setting(const std::string& name, SpecMap& row) {
  EngineSetting setting{SpecReader(/*trusted=*/true).read_parameter(name, row, {}), row.boolean_or("list", false)};
  if (setting.list && (setting.parameter.type != ParameterType::string || !setting.parameter.optional))
    row.fail("'" + name + "' is a list, but not an optional string", "list");
  row.finish();
  return setting;
}

}  // namespace

EngineSpec read_engine_spec(const std::string& stem, std::string_view text, std::string_view shared) {
  SpecMap root = root_of("spec/engines/" + stem + ".yaml", text);
  EngineSpec spec{root.text("name"), root.text("title"), root.text("summary"), {}};
  if (spec.name != stem) root.fail("the name '" + spec.name + "' is not that of the file", "name");
  for (auto& [name, row] : root.maps("settings")) spec.settings.push_back(read_setting(name, row));
  if (root.has("shared_settings")) {
    SpecMap file = root_of("spec/" + std::string(kShared), shared);
    auto rows = file.maps("shared_settings");
    for (const std::string& name : root.texts("shared_settings")) {
      const auto row = std::find_if(rows.begin(), rows.end(), [&](const auto& one) { return one.first == name; });
      if (row == rows.end()) root.fail("there is no shared setting '" + name + "'", "shared_settings");
      spec.settings.push_back(read_setting(name, row->second));
    }
  }
  root.finish();
  return spec;
}

const std::vector<EngineSpec>& engine_specs() {
  static const std::vector<EngineSpec> specs = [] {
    std::string_view shared;
    for (const auto& [path, text] : embedded_engines())
      if (path == kShared) shared = text;
    std::vector<EngineSpec> all;
    for (const auto& [path, text] : embedded_engines())
      if (path != kShared) all.push_back(read_engine_spec(std::filesystem::path(path).stem(), text, shared));
    return all;  // embedded files come sorted by path
  }();
  return specs;
}

}  // namespace torchport::runtime
