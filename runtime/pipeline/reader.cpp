// Every fault is reported with its line and column, and reading goes on behind it.
#include "runtime/pipeline/reader.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "runtime/files/files.h"
#include "runtime/pipeline/inputs.h"
#include "runtime/pipeline/wires.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kInputs = "inputs";  ///< the word before the dot of a wire to the pipeline's own inputs
constexpr std::size_t kDeepest = 8;             ///< of pipelines within pipelines; one may name itself
constexpr std::size_t kMostInner = 200;         ///< all of them together: a few that name themselves are any number

/// The run setting that whoever starts a pipeline gives, and no file to itself.
constexpr const char* kLeave = "allow_run_as_root";
/// Nor does a file say where computes are declared: what is started there is the user's to say.
const std::set<std::string> kNotInFile = {"run_dir", "computes"};

template <class Rows>
std::vector<std::string> names_of(const Rows& rows) {
  std::vector<std::string> names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

/// "a.b" as two names; nothing where it is something else.
std::optional<std::pair<std::string, std::string>> two_names(const std::string& text) {
  const std::size_t dot = text.find('.');
  if (dot == text.npos || !is_pipeline_name(text.substr(0, dot), false) || !is_pipeline_name(text.substr(dot + 1), false))
    return std::nullopt;
  return std::pair{text.substr(0, dot), text.substr(dot + 1)};
}

/// What the readers of a pipeline and of those within it share.
struct Whole {
  Pipeline& pipeline;
  Settings settings;
  std::size_t inner = 0;  ///< pipelines within it that were seen
};

/// Where a pipeline stands: by itself, or as a step of another.
struct Place {
  std::string prefix;  ///< of its steps' names: "prepare_"
  std::size_t depth = 0;
  std::map<std::string, GivenInput> given;      ///< its inputs, by those of the step
  std::pair<std::string, std::string> compute;  ///< of steps that name none, and where that stands; empty: there is none
};

class Reader {
 public:
  Reader(Whole& whole, FileFaults& faults, Place place)
      : whole_(whole), pipeline_(whole.pipeline), faults_(faults), inputs_(faults), place_(std::move(place)) {}

  /// The name that the file gives itself.
  std::string read(const YAML::Node& root) {
    std::string own;
    if (!faults_.expect_map(root, "the file")) return own;
    faults_.keys(root, "the file", {"name", "description", "inputs", "outputs", "compute", "steps"});
    if (const auto name = faults_.required(root, "name", "the file")) {
      own = faults_.scalar(name, "the name");
      if (!own.empty() && !is_pipeline_name(own, true))
        faults_.unclear(name, "'" + own + "' is not a name: a small letter, then small letters, digits, - and _, at most " +
                                  std::to_string(kLongestPipelineName));
    }
    if (const YAML::Node words = root["description"]; words && !words.IsNull() && place_.depth == 0)
      pipeline_.description = faults_.scalar(words, "the description");
    if (root["inputs"]) inputs_.read(root["inputs"], place_.depth == 0 ? &whole_.settings : nullptr, place_.given);
    if (const YAML::Node compute = root["compute"])
      place_.compute = {faults_.scalar(compute, "the compute"), faults_.place(compute)};
    if (const auto steps = faults_.required(root, "steps", "the file"); steps && faults_.expect_map(steps, "steps")) {
      for (const auto& entry : steps) read_step(entry.first, entry.second);
      if (steps.size() == 0) faults_.unclear(steps, "there is no step");
    }
    if (root["outputs"]) read_outputs(root["outputs"]);
    for (const auto& [name, given] : place_.given)
      if (const auto known = inputs_.names(); std::find(known.begin(), known.end(), name) == known.end())
        faults_.add(Error("ParameterParsing.unknown_input", {{"name", name}, {"nearest", did_you_mean(name, known)}}),
                    given.said.place);
    return own;
  }

  /// What is set and was never read.
  void refuse_settings() {
    std::vector<std::string> targets = names_of(pipeline_.steps);
    targets.emplace_back(kInputs);
    for (const Setting& setting : whole_.settings.rest()) {
      const std::string target = setting.step == kInputs ? setting.name : setting.step;
      const auto known = setting.step == kInputs ? inputs_.names() : targets;
      faults_.add(Error("ParameterParsing.unknown_step", {{"step", target}, {"nearest", did_you_mean(target, known)}}),
                  setting.place());
    }
  }

 private:
  /// NAME: STEP.OUTPUT, for the pipeline that has this one as a step.
  void read_outputs(const YAML::Node& outputs) {
    if (!faults_.expect_map(outputs, "outputs")) return;
    for (const auto& entry : outputs) {
      const std::string text = faults_.scalar(entry.second, "the output " + entry.first.Scalar());
      const auto wire = two_names(text);
      if (!wire || wire->first == kInputs) {
        if (!text.empty()) faults_.add(entry.second, "ParameterParsing.no_wire", {{"value", text}});
        continue;
      }
      pipeline_.outputs.push_back(
          {outer_name(), entry.first.Scalar(), place_.prefix + wire->first, wire->second, faults_.place(entry.second)});
    }
  }
  /// The step that this pipeline is in another, or "".
  std::string outer_name() const { return place_.prefix.substr(0, place_.prefix.size() - (place_.prefix.empty() ? 0 : 1)); }

  void read_step(const YAML::Node& key, const YAML::Node& node) {
    Step step;
    step.name = place_.prefix + key.Scalar();
    step.place = faults_.place(key);
    if (!is_pipeline_name(key.Scalar(), false) || key.Scalar() == kInputs)
      faults_.unclear(
          key, "'" + key.Scalar() + "' is not a name of a step: a small letter, then small letters, digits and _, and not inputs");
    const auto known = names_of(pipeline_.steps);
    if (std::find(known.begin(), known.end(), step.name) != known.end())
      faults_.unclear(key, "there is a step " + step.name + " already, of a pipeline that is a step");
    if (!faults_.expect_map(node, "the step " + step.name)) return refuse_step(std::move(step));
    if (node["pipeline"]) return read_inner(step, node);
    faults_.keys(node, "the step " + step.name, {"component", "inputs", "parameters", "run"});
    if (const auto component = faults_.required(node, "component", "the step " + step.name)) {
      const std::string name = faults_.scalar(component, "the component");
      try {
        if (!name.empty()) step.component = &Specs::get().component(name);
      } catch (const Error& error) {
        faults_.add(error, faults_.place(component));
      }
    }
    if (!step.component) return refuse_step(std::move(step));
    read_parts(step, node);
    pipeline_.steps.push_back(std::move(step));
  }

  /// The settings of a step whose component is unknown cannot be judged.
  void refuse_step(Step step) {
    whole_.settings.rest_of(step.name);
    pipeline_.steps.push_back(std::move(step));
  }

  /// A pipeline as a step: its steps have this one's name before their own.
  void read_inner(const Step& step, const YAML::Node& node) {
    faults_.keys(node, "the step " + step.name, {"pipeline", "inputs"});
    const std::string path = faults_.scalar(node["pipeline"], "the pipeline");
    if (path.empty()) return;
    if (++whole_.inner == kMostInner + 1)
      faults_.unclear(node["pipeline"], "pipelines within pipelines, more than " + std::to_string(kMostInner));
    if (whole_.inner > kMostInner) return;
    if (place_.depth == kDeepest) return faults_.unclear(node["pipeline"], "pipelines within pipelines, too deep");
    Place inner{step.name + "_", place_.depth + 1, {}, place_.compute};
    if (const YAML::Node inputs = node["inputs"]; inputs && faults_.expect_map(inputs, "inputs"))
      for (const auto& entry : inputs)
        if (auto given = hand_on(entry.second, "the input " + entry.first.Scalar()))
          inner.given[entry.first.Scalar()] = std::move(*given);
    const fs::path file = (faults_.file().parent_path() / path).lexically_normal();
    try {
      FileFaults faults(file, faults_.problems());
      Reader(whole_, faults, std::move(inner)).read(parse_yaml(read_file(file, kSmallText)));
    } catch (const YamlError& error) {
      faults_.add(Error("FileParsingFailed.pipeline", {{"reason", error.reason}}),
                  file.string() + ":" + std::to_string(error.line) + ":" + std::to_string(error.column));
    } catch (const std::runtime_error& error) {
      faults_.add(node["pipeline"], "CouldNotOpenFile.file", {{"path", file.string()}, {"reason", error.what()}});
    }
  }

  /// What a pipeline that is a step gets: an input of this one, the output of a step, a path or a value.
  std::optional<GivenInput> hand_on(const YAML::Node& node, const std::string& what) {
    GivenInput given{said(node, what, faults_), "", ""};
    const auto wire = given.said.quoted || given.said.list ? std::nullopt : two_names(given.said.text);
    if (given.said.text.empty()) return std::nullopt;
    if (wire && wire->first == kInputs) {
      const GivenInput* const own = inputs_.find(wire->second, node);
      return own ? std::optional(*own) : std::nullopt;
    }
    if (wire) std::tie(given.step, given.output) = std::pair{place_.prefix + wire->first, wire->second};
    return given;
  }

  void read_parts(Step& step, const YAML::Node& node) {
    read_wires(step, node["inputs"]);
    std::vector<const ParameterSpec*> parameters, settings;
    for (const ParameterSpec& row : step.component->parameters) parameters.push_back(&row);
    for (const ParameterSpec* row : Specs::get().run_settings_of(*step.component))
      if (!kNotInFile.count(row->name)) settings.push_back(row);  // a step's run folder lies in that of the pipeline
    if (const YAML::Node run = node["run"]; run && run.IsMap() && run[kLeave])
      faults_.add(run[kLeave], "ParameterParsing.not_in_file", {{"name", std::string(kLeave)}});
    step.parameters = read_values(step, node["parameters"], parameters, "parameter");
    step.run_settings = read_values(step, node["run"], settings, "run setting");
    const bool own = std::any_of(step.run_settings.begin(), step.run_settings.end(),
                                 [](const StepValue& value) { return value.spec->name == "compute"; });
    if (const auto& [compute, where] = place_.compute; !own && !compute.empty())
      step.run_settings.push_back({&Specs::get().run_setting("compute"), compute, compute, where});
    std::vector<std::string> known;
    for (const auto* rows : {&parameters, &settings})
      for (const ParameterSpec* row : *rows) known.push_back(row->name);
    for (const Setting& setting : whole_.settings.rest_of(step.name))
      refuse_name(*step.component, "parameter", setting.name, known, setting.place());
  }

  void refuse_name(const ComponentSpec& component, const std::string& kind, const std::string& name,
                   const std::vector<std::string>& known, const std::string& where) {
    faults_.add(Error("ParameterParsing.no_such", {{"component", component.name},
                                                   {"kind", kind},
                                                   {"name", name},
                                                   {"nearest", did_you_mean(name, known)},
                                                   {"names", known.empty() ? "none" : join(known, ", ")}}),
                where);
  }

  void read_wires(Step& step, const YAML::Node& node) {
    if (node && !faults_.expect_map(node, "inputs")) return;
    for (const PortSpec& port : step.component->inputs) {
      if (node && node[port.name]) {
        read_wire(step, port, node[port.name]);
      } else if (!port.optional) {
        faults_.add(Error("NullOrEmpty.step_input", {{"step", step.name}, {"port", port.name}, {"title", port.what()}}),
                    step.place);
      }
    }
    if (!node) return;
    for (const auto& entry : node)
      if (!step.component->input(entry.first.Scalar()))
        refuse_name(*step.component, "input", entry.first.Scalar(), names_of(step.component->inputs), faults_.place(entry.first));
  }

  void read_wire(Step& step, const PortSpec& port, const YAML::Node& node) {
    const std::string text = faults_.scalar(node, "the input " + port.name);
    if (text.empty()) return;
    StepInput made;
    made.port = &port;
    made.place = faults_.place(node);
    const auto wire = two_names(text);
    if (text.find('/') != text.npos || text[0] == '.') {
      made.path = (faults_.file().parent_path() / text).lexically_normal();
    } else if (!wire) {
      return faults_.add(node, "ParameterParsing.no_wire", {{"value", text}});
    } else if (wire->first == kInputs) {
      const GivenInput* const given = inputs_.find(wire->second, node);
      if (!given) return;
      made.step = given->step;
      made.output = given->output;
      made.given_as = given->name;
      if (!given->is_wire())
        made.path =
            given->said.from_command_line() ? fs::path(given->said.text) : (given->said.base / given->said.text).lexically_normal();
    } else {
      made.step = place_.prefix + wire->first;
      made.output = wire->second;
    }
    step.inputs.push_back(std::move(made));
  }

  std::vector<StepValue> read_values(const Step& step, const YAML::Node& node, const std::vector<const ParameterSpec*>& specs,
                                     const std::string& kind) {
    std::vector<StepValue> values;
    if (node && !faults_.expect_map(node, kind + "s")) return values;
    std::vector<std::string> known;
    for (const ParameterSpec* spec : specs) {
      known.push_back(spec->name);
      if (const auto given = whole_.settings.take(step.name, spec->name, spec->several)) {
        add_value(values, *spec, *given, pipeline_, faults_);
      } else if (node && node[spec->name]) {
        read_value(values, *spec, node[spec->name], "the " + kind + " " + spec->name);
      } else if (spec->default_text) {
        add_value(values, *spec, {*spec->default_text, "default", step.place, fs::path()}, pipeline_, faults_);
      } else if (!spec->optional) {
        faults_.add(Error("NullOrEmpty.step_parameter", {{"step", step.name}, {"name", spec->name}, {"title", spec->title}}),
                    step.place);
      }
    }
    if (!node) return values;
    for (const auto& entry : node)
      if (const std::string& name = entry.first.Scalar(); std::find(known.begin(), known.end(), name) == known.end())
        refuse_name(*step.component, kind, name, known, faults_.place(entry.first));
    return values;
  }

  /// A value, or inputs.NAME: plain, as a text in quotes is one.
  void read_value(std::vector<StepValue>& values, const ParameterSpec& spec, const YAML::Node& node, const std::string& what) {
    const Said own = said(node, what, faults_);
    const auto wire = own.quoted ? std::nullopt : two_names(own.text);
    if (!wire || wire->first != kInputs) {
      if (!own.text.empty()) add_value(values, spec, own, pipeline_, faults_);
      return;
    }
    const GivenInput* const given = inputs_.find(wire->second, node);
    if (given && given->is_wire()) {
      faults_.unclear(node, "the value of " + spec.name + " is the output of a step");
    } else if (given) {
      const std::size_t before = values.size();
      add_value(values, spec, given->said, pipeline_, faults_);
      if (values.size() > before) values.back().given_as = given->name;
    }
  }

  Whole& whole_;
  Pipeline& pipeline_;
  FileFaults& faults_;
  PipelineInputs inputs_;
  Place place_;
};

}  // namespace

Pipeline read_pipeline_text(std::string text, const fs::path& name, const std::vector<Setting>& settings, Problems& problems,
                            std::vector<std::string> origins) {
  Pipeline pipeline;
  pipeline.file = name;
  pipeline.text = std::move(text);
  try {
    FileFaults faults(name, problems, std::move(origins));
    Whole whole{pipeline, Settings(settings)};
    Reader reader(whole, faults, {});
    pipeline.name = reader.read(parse_yaml(pipeline.text));
    reader.refuse_settings();
    for (const Setting& setting : settings)
      if (setting.step == kInputs) pipeline.given[setting.name] = setting.value;
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
