// Every fault is reported with its line and column, and reading goes on behind it.
#include "runtime/pipeline/reader.h"

#include "runtime/files/files.h"
#include "runtime/pipeline/wires.h"
#include "runtime/request/parse_value.h"
#include "runtime/text/text.h"
#include "runtime/text/yaml.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::string_view kInputs = "inputs";  ///< the word before the dot of a wire to the pipeline's own inputs

/// The run setting that whoever starts a pipeline gives, and no file to itself.
constexpr const char* kLeave = "allow_run_as_root";
/// Nor does a file say where computes are declared: what is started there is the user's to say.
const std::set<std::string> kNotInFile = {"run_dir", "computes"};

/// Whether `path`, links followed, lies in `folder` or below.
bool is_below(const fs::path& path, const fs::path& folder) {
  std::error_code fault;
  const fs::path root = fs::weakly_canonical(folder.empty() ? "." : folder, fault), real = fs::weakly_canonical(path, fault);
  return !fault && std::mismatch(root.begin(), root.end(), real.begin(), real.end()).first == root.end();
}

bool is_name(const std::string& text, bool dashes) {
  const auto legal = [&](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || (dashes && c == '-'); };
  return !text.empty() && text.size() <= kLongestName && text[0] >= 'a' && text[0] <= 'z' &&
         std::all_of(text.begin(), text.end(), legal);
}

std::string meant(std::string_view word, const std::vector<std::string>& names) {
  const std::string near = nearest(word, names);
  return near.empty() ? "" : "Did you mean " + near + "? ";
}

/// Whether its values are written without quotes, which would make texts of them.
bool is_figure(const ParameterSpec& spec) {
  return spec.type == ParameterType::integer || spec.type == ParameterType::real || spec.type == ParameterType::boolean;
}

template <class Rows>
std::vector<std::string> names_of(const Rows& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

class Reader {
 public:
  Reader(Pipeline& pipeline, const std::vector<Setting>& settings, Problems& problems)
      : pipeline_(pipeline), settings_(settings), problems_(problems), unused_(settings.begin(), settings.end()) {}

  void read(const YAML::Node& root) {
    if (!expect_map(root, "the file")) return;
    keys(root, "the file", {"name", "description", "inputs", "compute", "steps"});
    if (const auto name = required(root, "name", "the file")) {
      pipeline_.name = scalar(name, "the name");
      if (!pipeline_.name.empty() && !is_name(pipeline_.name, true))
        problem(name, "FileParsingFailed.pipeline",
                {{"reason", "'" + pipeline_.name + "' is not a name: a small letter, then small letters, digits, - and _, " +
                                "at most " + std::to_string(kLongestName)}});
    }
    if (root["inputs"]) read_inputs(root["inputs"]);
    if (const YAML::Node compute = root["compute"]) compute_ = {scalar(compute, "the compute"), place(compute)};
    if (const auto steps = required(root, "steps", "the file"); steps && expect_map(steps, "steps")) {
      for (const auto& entry : steps) read_step(entry.first, entry.second);
      if (steps.size() == 0) problem(steps, "FileParsingFailed.pipeline", {{"reason", "there is no step"}});
    }
    std::vector<std::string> targets = names_of(pipeline_.steps);
    targets.emplace_back(kInputs);
    for (const Setting& setting : unused_) {
      const std::string target = setting.step == kInputs ? setting.name : setting.step;
      const auto known = setting.step == kInputs ? input_names() : targets;
      add(Error("ParameterParsing.unknown_step", {{"step", target}, {"nearest", meant(target, known)}}), set_place(setting));
    }
  }

 private:
  std::string place(const YAML::Node& node) const {
    const YAML::Mark mark = node.Mark();
    return pipeline_.file.string() + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
  }
  static std::string set_place(const Setting& setting) {
    return "--set " + setting.step + "." + setting.name + "=" + setting.value;
  }
  void add(const Error& error, const std::string& where) { problems_.add(error.at(where)); }
  void problem(const YAML::Node& node, const char* key, Fields fields) { add(Error(key, std::move(fields)), place(node)); }

  bool expect_map(const YAML::Node& node, const std::string& what) {
    if (!node.IsMap()) problem(node, "FileParsingFailed.pipeline", {{"reason", what + " must be a map of names and values"}});
    return node.IsMap();
  }
  std::string scalar(const YAML::Node& node, const std::string& what) {
    const std::string text = node.IsScalar() ? node.Scalar() : "";
    if (text.empty() || text.find('\0') != text.npos)
      problem(node, "FileParsingFailed.pipeline", {{"reason", what + " must be a text or a number"}});
    return text;
  }
  YAML::Node required(const YAML::Node& map, const std::string& key, const std::string& what) {
    if (!map[key]) problem(map, "NullOrEmpty.pipeline_key", {{"what", what}, {"key", key}});
    return map[key];
  }
  void keys(const YAML::Node& map, const std::string& what, const std::vector<std::string>& known) {
    for (const auto& entry : map) {
      const std::string& key = entry.first.Scalar();
      if (std::find(known.begin(), known.end(), key) == known.end())
        problem(entry.first, "ParameterParsing.pipeline_key",
                {{"key", key}, {"what", what}, {"nearest", meant(key, known)}, {"keys", join(known, ", ")}});
    }
  }

  std::vector<std::string> input_names() const {
    std::vector<std::string> names;
    for (const auto& [name, path] : inputs_) names.push_back(name);
    return names;
  }
  fs::path below_file(const std::string& text) const { return (pipeline_.file.parent_path() / text).lexically_normal(); }

  /// The value that --set gives, if it does.
  const Setting* set(const std::string& step, const std::string& name) {
    const Setting* last = nullptr;
    for (const Setting& setting : settings_)
      if (setting.step == step && setting.name == name) last = &setting;
    if (last) std::erase_if(unused_, [&](const Setting& one) { return one.step == step && one.name == name; });
    return last;
  }

  void read_inputs(const YAML::Node& inputs) {
    if (!expect_map(inputs, "inputs")) return;
    for (const auto& entry : inputs) {
      const std::string name = entry.first.Scalar();
      if (!is_name(name, false))
        problem(entry.first, "FileParsingFailed.pipeline",
                {{"reason", "'" + name + "' is not a name: a small letter, then small letters, digits and _"}});
      const std::string text = scalar(entry.second, "the input " + name);
      const Setting* const given = set(std::string(kInputs), name);
      inputs_[name] = given ? fs::path(given->value) : below_file(text);
    }
  }

  void read_step(const YAML::Node& key, const YAML::Node& node) {
    Step step;
    step.name = key.Scalar();
    step.place = place(key);
    if (!is_name(step.name, false) || step.name == kInputs)
      problem(key, "FileParsingFailed.pipeline",
              {{"reason",
                "'" + step.name + "' is not a name of a step: a small letter, then small letters, digits and _, and not inputs"}});
    if (expect_map(node, "the step " + step.name)) {
      keys(node, "the step " + step.name, {"component", "inputs", "parameters", "run"});
      if (const auto component = required(node, "component", "the step " + step.name)) {
        const std::string name = scalar(component, "the component");
        try {
          if (!name.empty()) step.component = &Specs::get().component(name);
        } catch (const Error& error) {
          add(error, place(component));
        }
      }
      if (step.component) read_parts(step, node);
    }
    // The settings of a step whose component is unknown cannot be judged.
    if (!step.component) std::erase_if(unused_, [&](const Setting& one) { return one.step == step.name; });
    pipeline_.steps.push_back(std::move(step));
  }

  void read_parts(Step& step, const YAML::Node& node) {
    read_wires(step, node["inputs"]);
    std::vector<const ParameterSpec*> parameters, settings;
    for (const ParameterSpec& row : step.component->parameters) parameters.push_back(&row);
    for (const ParameterSpec* row : Specs::get().run_settings_of(*step.component))
      if (!kNotInFile.count(row->name)) settings.push_back(row);  // a step's run folder lies in that of the pipeline
    if (const YAML::Node run = node["run"]; run && run.IsMap() && run[kLeave])
      problem(run[kLeave], "ParameterParsing.not_in_file", {{"name", std::string(kLeave)}});
    step.parameters = read_values(step, node["parameters"], parameters, "parameter");
    step.run_settings = read_values(step, node["run"], settings, "run setting");
    const bool own = std::any_of(step.run_settings.begin(), step.run_settings.end(),
                                 [](const StepValue& value) { return value.spec->name == "compute"; });
    if (!own && !compute_.first.empty())
      step.run_settings.push_back({&Specs::get().run_setting("compute"), compute_.first, compute_.first, compute_.second});
    std::vector<std::string> known;
    for (const auto* rows : {&parameters, &settings})
      for (const ParameterSpec* row : *rows) known.push_back(row->name);
    for (const Setting& setting : unused_)
      if (setting.step == step.name) refuse_name(*step.component, "parameter", setting.name, known, set_place(setting));
    std::erase_if(unused_, [&](const Setting& setting) { return setting.step == step.name; });
  }

  void refuse_name(const ComponentSpec& component, const std::string& kind, const std::string& name,
                   const std::vector<std::string>& known, const std::string& where) {
    add(Error("ParameterParsing.no_such", {{"component", component.name},
                                           {"kind", kind},
                                           {"name", name},
                                           {"nearest", meant(name, known)},
                                           {"names", known.empty() ? "none" : join(known, ", ")}}),
        where);
  }

  void read_wires(Step& step, const YAML::Node& node) {
    if (node && !expect_map(node, "inputs")) return;
    for (const PortSpec& port : step.component->inputs) {
      if (node && node[port.name]) {
        read_wire(step, port, node[port.name]);
      } else if (!port.optional) {
        add(Error("NullOrEmpty.step_input", {{"step", step.name}, {"port", port.name}, {"title", port.what()}}), step.place);
      }
    }
    if (!node) return;
    for (const auto& entry : node)
      if (!step.component->input(entry.first.Scalar()))
        refuse_name(*step.component, "input", entry.first.Scalar(), names_of(step.component->inputs), place(entry.first));
  }

  void read_wire(Step& step, const PortSpec& port, const YAML::Node& node) {
    const std::string text = scalar(node, "the input " + port.name);
    if (text.empty()) return;
    StepInput input;
    input.port = &port;
    input.place = place(node);
    const std::size_t dot = text.find('.');
    if (text.find('/') != text.npos || text[0] == '.') {
      input.path = below_file(text);
    } else if (dot == text.npos || !is_name(text.substr(0, dot), false) || !is_name(text.substr(dot + 1), false)) {
      return problem(node, "ParameterParsing.no_wire", {{"value", text}});
    } else if (text.substr(0, dot) == kInputs) {
      const auto found = inputs_.find(text.substr(dot + 1));
      if (found == inputs_.end())
        return problem(node, "ParameterParsing.unknown_input",
                       {{"name", text.substr(dot + 1)}, {"nearest", meant(text.substr(dot + 1), input_names())}});
      input.path = found->second;
    } else {
      input.step = text.substr(0, dot);
      input.output = text.substr(dot + 1);
    }
    step.inputs.push_back(std::move(input));
  }

  std::vector<StepValue> read_values(const Step& step, const YAML::Node& node, const std::vector<const ParameterSpec*>& specs,
                                     const std::string& kind) {
    std::vector<StepValue> values;
    if (node && !expect_map(node, kind + "s")) return values;
    std::vector<std::string> known;
    for (const ParameterSpec* spec : specs) {
      known.push_back(spec->name);
      if (const Setting* given = set(step.name, spec->name)) {
        add_value(values, *spec, given->value, fs::path(), "command line", set_place(*given));
      } else if (node && node[spec->name]) {
        const YAML::Node value = node[spec->name];
        std::string text = scalar(value, "the " + kind + " " + spec->name);
        if (is_quoted(value) && is_figure(*spec)) text = '"' + text + '"';  // a text where none belongs: shown as it is refused
        if (!text.empty()) add_value(values, *spec, text, pipeline_.file.parent_path(), place(value), place(value));
      } else if (spec->default_text) {
        add_value(values, *spec, *spec->default_text, fs::path(), "default", step.place);
      } else if (!spec->optional) {
        add(Error("NullOrEmpty.step_parameter", {{"step", step.name}, {"name", spec->name}, {"title", spec->title}}), step.place);
      }
    }
    if (!node) return values;
    for (const auto& entry : node)
      if (const std::string& name = entry.first.Scalar(); std::find(known.begin(), known.end(), name) == known.end())
        refuse_name(*step.component, kind, name, known, place(entry.first));
    return values;
  }

  void add_value(std::vector<StepValue>& values, const ParameterSpec& spec, std::string text, const fs::path& base,
                 const std::string& origin, const std::string& where) {
    Problems mine;
    mine.collect([&] {
      Value value = parse_value(spec, text);
      if (spec.path) {
        text = (base / text).lexically_normal().string();
        value = text;
        std::error_code fault;
        if (!fs::exists(text, fault))
          throw Error("CouldNotOpenFile.file", {{"path", text}, {"reason", "No such file or directory"}});
        // Its text may come out again: a pipeline of somebody else must not read what lies elsewhere on this machine.
        if (origin != "command line" && !is_below(text, pipeline_.file.parent_path()))
          throw Error("ParameterParsing.outside_of_pipeline", {{"path", text}, {"name", spec.name}});
      }
      values.push_back({&spec, value, text, origin});
    });
    for (const Error& error : mine.all()) add(error, where);
  }

  Pipeline& pipeline_;
  const std::vector<Setting>& settings_;
  Problems& problems_;
  std::vector<Setting> unused_;
  std::map<std::string, fs::path> inputs_;
  std::pair<std::string, std::string> compute_;  ///< of steps that name none, and its place; empty: there is none
};

}  // namespace

Setting parse_setting(const std::string& text) {
  const std::size_t equal = text.find('='), dot = text.find('.');
  if (equal == text.npos || dot > equal || dot == 0 || dot + 1 == equal)
    throw Error("ParameterParsing.set_form", {{"value", text}});
  return {text.substr(0, dot), text.substr(dot + 1, equal - dot - 1), text.substr(equal + 1)};
}

Pipeline read_pipeline(const fs::path& file, const std::vector<Setting>& settings, Problems& problems) {
  std::string text;
  try {
    text = read_file(file, kSmallText);
  } catch (const std::runtime_error& error) {
    problems.add(Error("CouldNotOpenFile.file", {{"path", file.string()}, {"reason", error.what()}}));
    Pipeline unread;
    unread.file = file;
    return unread;
  }
  return read_pipeline_text(std::move(text), file, settings, problems);
}

Pipeline read_pipeline_text(std::string text, const fs::path& name, const std::vector<Setting>& settings, Problems& problems) {
  Pipeline pipeline;
  pipeline.file = name;
  pipeline.text = std::move(text);
  try {
    Reader(pipeline, settings, problems).read(parse_yaml(pipeline.text));
  } catch (const YamlError& error) {
    std::string place = name.string();
    if (error.line > 0) place += ":" + std::to_string(error.line) + ":" + std::to_string(error.column);
    problems.add(Error("FileParsingFailed.pipeline", {{"reason", error.reason}}).at(place));
    return pipeline;
  }
  connect(pipeline, problems);
  return pipeline;
}

}  // namespace torchport::runtime
