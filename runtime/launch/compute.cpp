// Every fault of a file is reported with its line and column, and reading goes on behind it.
#include "runtime/launch/compute.h"

#include <cstdlib>

#include "runtime/files/files.h"
#include "runtime/launch/engine_spec.h"
#include "runtime/request/parse_value.h"
#include "runtime/text/text.h"
#include "runtime/text/yaml.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

std::string meant(std::string_view word, const std::vector<std::string>& names) {
  const std::string near = nearest(word, names);
  return near.empty() ? "" : "Did you mean " + near + "? ";
}

bool is_name(const std::string& text) {
  return !text.empty() && text.size() <= 64 && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
}

class Reader {
 public:
  Reader(const fs::path& file, Problems& problems) : file_(file), problems_(problems) {}

  std::vector<Compute> read(const YAML::Node& root) {
    std::vector<Compute> computes;
    if (!expect_map(root, "the file")) return computes;
    for (const auto& entry : root)
      if (entry.first.Scalar() != "computes") refuse_key(entry.first, "the file", {"computes"});
    const YAML::Node all = root["computes"];
    if (!all) problem(root, "there is no computes:, the map of names and computes");
    if (!all || !expect_map(all, "computes")) return computes;
    for (const auto& entry : all) read_compute(computes, entry.first, entry.second);
    if (all.size() == 0) problem(all, "there is no compute");
    return computes;
  }

 private:
  std::string place(const YAML::Node& node) const {
    return file_.string() + ":" + std::to_string(node.Mark().line + 1) + ":" + std::to_string(node.Mark().column + 1);
  }
  void problem(const YAML::Node& node, const std::string& reason) {
    problems_.add(Error("FileParsingFailed.computes", {{"reason", reason}}).at(place(node)));
  }
  bool expect_map(const YAML::Node& node, const std::string& what) {
    if (!node.IsMap()) problem(node, what + " must be a map of names and values");
    return node.IsMap();
  }
  void refuse_key(const YAML::Node& key, const std::string& what, const std::vector<std::string>& known) {
    problems_.add(
        Error("ParameterParsing.pipeline_key",
              {{"key", key.Scalar()}, {"what", what}, {"nearest", meant(key.Scalar(), known)}, {"keys", join(known, ", ")}})
            .at(place(key)));
  }
  std::string scalar(const YAML::Node& node, const std::string& what) {
    const std::string text = node.IsScalar() ? node.Scalar() : "";
    if (text.empty() || text.find('\0') != text.npos || text.find('\n') != text.npos) {
      problem(node, what + " must be a text or a number on one line");
      return "";
    }
    return text;
  }

  void read_compute(std::vector<Compute>& computes, const YAML::Node& key, const YAML::Node& node) {
    Compute compute;
    compute.name = key.Scalar();
    compute.folder = file_.parent_path();
    const std::string what = "the compute " + compute.name;
    if (!is_name(compute.name))
      problem(key, "'" + compute.name + "' is not a name: a small letter, then small letters, digits, - and _");
    if (!expect_map(node, what)) return;
    std::vector<std::string> engines;
    for (const EngineSpec& spec : engine_specs()) engines.push_back(spec.name);
    if (!node["engine"]) return problem(node, what + " lacks its engine: " + join(engines, ", "));
    compute.engine = scalar(node["engine"], "the engine");
    const auto spec = std::find_if(engine_specs().begin(), engine_specs().end(),
                                   [&](const EngineSpec& one) { return one.name == compute.engine; });
    if (spec != engine_specs().end()) {
      read_settings(compute, *spec, node, what);
    } else if (!compute.engine.empty()) {
      problem(node["engine"], "there is no engine '" + compute.engine + "'. " + meant(compute.engine, engines) +
                                  "The engines are: " + join(engines, ", "));
    }
    computes.push_back(std::move(compute));
  }

  void read_settings(Compute& compute, const EngineSpec& spec, const YAML::Node& node, const std::string& what) {
    std::vector<std::string> known = {"engine"};
    for (const EngineSetting& setting : spec.settings) {
      const std::string& name = setting.parameter.name;
      known.push_back(name);
      if (const YAML::Node value = node[name]) {
        setting.list ? read_list(compute.lists[name], value, name) : read_value(compute, setting.parameter, value);
      } else if (setting.parameter.default_text) {
        compute.values[name] = parse_value(setting.parameter, *setting.parameter.default_text);
      }
    }
    for (const auto& entry : node)
      if (std::find(known.begin(), known.end(), entry.first.Scalar()) == known.end()) refuse_key(entry.first, what, known);
  }

  void read_value(Compute& compute, const ParameterSpec& spec, const YAML::Node& node) {
    const std::string text = scalar(node, spec.name);
    if (text.empty()) return;
    Problems mine;
    mine.collect([&] { compute.values[spec.name] = parse_value(spec, text); });
    for (const Error& error : mine.all()) problems_.add(error.at(place(node)));
  }

  void read_list(std::vector<std::string>& list, const YAML::Node& node, const std::string& name) {
    if (!node.IsSequence() || node.size() == 0) return problem(node, name + " must be a list, such as [a, b]");
    for (const YAML::Node& item : node) list.push_back(scalar(item, "an entry of " + name));
  }

  const fs::path& file_;
  Problems& problems_;
};

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::optional<std::int64_t> Compute::integer(std::string_view setting) const {
  const auto found = values.find(setting);
  return found == values.end() ? std::nullopt : std::optional(std::get<std::int64_t>(found->second));
}
std::string Compute::text(std::string_view setting) const {
  const auto found = values.find(setting);
  return found == values.end() ? "" : std::get<std::string>(found->second);
}
bool Compute::is_set(std::string_view setting) const {
  const auto found = values.find(setting);
  return found != values.end() && std::get<bool>(found->second);
}
const std::vector<std::string>& Compute::list(std::string_view setting) const {
  static const std::vector<std::string> none;
  const auto found = lists.find(setting);
  return found == lists.end() ? none : found->second;
}

std::optional<fs::path> computes_file(const std::string& given) {
  if (!given.empty()) return given;
  if (const std::string named = variable("TORCHPORT_COMPUTES"); !named.empty()) return named;
  const std::string config = variable("XDG_CONFIG_HOME"), home = variable("HOME");
  const fs::path user = config.empty() ? fs::path(home) / ".config" : fs::path(config);
  std::error_code ignored;
  for (const fs::path& file : {fs::path("computes.yaml"), user / "torchport" / "computes.yaml"})
    if (fs::exists(file, ignored)) return file;
  return std::nullopt;
}

std::vector<Compute> read_computes(const fs::path& file, Problems& problems) {
  try {
    return Reader(file, problems).read(parse_yaml(read_file(file, kSmallText)));
  } catch (const YamlError& error) {
    std::string place = file.string();
    if (error.line > 0) place += ":" + std::to_string(error.line) + ":" + std::to_string(error.column);
    problems.add(Error("FileParsingFailed.computes", {{"reason", error.reason}}).at(place));
  } catch (const std::runtime_error& error) {
    problems.add(Error("CouldNotOpenFile.file", {{"path", file.string()}, {"reason", error.what()}}));
  }
  return {};
}

Compute find_compute(const std::string& name, const std::string& given) {
  const auto file = computes_file(given);
  if (!file) throw Error("CouldNotOpenFile.computes", {{"compute", name}});
  Problems problems;
  const std::vector<Compute> computes = read_computes(*file, problems);
  problems.throw_if_any();
  std::vector<std::string> names;
  for (const Compute& compute : computes) {
    if (compute.name == name) return compute;
    names.push_back(compute.name);
  }
  throw Error("ParameterParsing.unknown_compute",
              {{"compute", name}, {"path", file->string()}, {"nearest", meant(name, names)}, {"names", join(names, ", ")}});
}

std::optional<Compute> compute_of(const Request& request) {
  if (!request.has_setting("compute")) return std::nullopt;
  return find_compute(request.setting<std::string>("compute"),
                      request.has_setting("computes") ? request.setting<std::string>("computes") : "");
}

}  // namespace torchport::runtime
