#include "runtime/azure/import.h"

#include <algorithm>

#include "runtime/azure/graph.h"
#include "runtime/azure/job.h"
#include "runtime/files/files.h"
#include "runtime/request/parse_value.h"
#include "runtime/text/encoding.h"
#include "runtime/text/text.h"
#include "runtime/text/yaml_writer.h"

namespace torchport::runtime::azure {
namespace {

constexpr std::size_t kHead = 65536;                      ///< bytes in which the first cell of a notebook begins
constexpr std::size_t kGraphText = std::size_t{4} << 20;  ///< bytes of a graph; JSON is longer than what people write
constexpr const char* kOfPython =
    "Python is not read. Save the pipeline that it makes as YAML (az ml job show -n JOB > job.yml), or the graph that it shows as "
    "JSON, and "
    "import that; docs/coming-from-azure.md tells how.";

/// Whether a line of it imports what pipelines of Azure ML are written with in Python, or it is the studio's export to code.
bool is_python(const std::string& text) {
  static constexpr std::string_view kStarts[] = {"from azure", "import azure", "from mldesigner", "import mldesigner",
                                                 "# This is generated from https://ml.azure.com"};
  for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1))
    if (std::any_of(std::begin(kStarts), std::end(kStarts), [&](std::string_view start) { return rest.starts_with(start); }))
      return true;
  return false;
}

/// Whether a text that cannot be read was to be a pipeline job.
bool begins_as_job(const std::string& text) {
  return text.starts_with("jobs:") || text.find("\njobs:") != text.npos || text.find("azuremlschemas") != text.npos;
}

/// The beginning of a file, or "" where it cannot be read.
std::string head_of(const std::filesystem::path& file) {
  try {
    return read_head(file, kHead);
  } catch (const std::runtime_error&) {
    return "";
  }
}

/// By its name, or by the fields that exporters begin it with: ir_version, then producer_name.
bool is_onnx(const std::filesystem::path& file, const std::string& head) {
  return (!head.empty() && file.extension() == ".onnx") ||
         (head.size() > 2 && head[0] == '\x08' && head[1] < ' ' && head[2] == '\x12');
}

bool has(const YAML::Node& map, const char* key) { return static_cast<bool>(map[key]); }

[[noreturn]] void refuse(const std::string& found, const std::string& mend) {
  throw Error("FileParsingFailed.not_a_pipeline", {{"found", found + ", which is not a pipeline"}, {"mend", mend}});
}

bool is_graph(const YAML::Node& root) {
  const YAML::Node pipeline = has(root, "pipeline") && root["pipeline"].IsMap() ? root["pipeline"] : root;
  if (!pipeline["steps"] || !pipeline["steps"].IsMap() || pipeline["steps"].size() == 0) return false;
  const YAML::Node first = pipeline["steps"].begin()->second;
  return first.IsMap() && (has(first, "validate") || has(first, "module"));
}

/// The value that a step has, as text: its own, or the default.
std::string value_of(const DraftStep& step, const ParameterSpec& parameter) {
  const DraftValue* const own = step.parameter(parameter.name);
  const std::string text = own && !own->is_file ? own->text : parameter.default_or_none();
  return parameter.type == ParameterType::boolean ? text_of_value(parse_value(parameter, text)) : text;
}

/// Sets or names what would make the result the original's.
void settle_differences(Draft& draft, const ImportOptions& options) {
  for (DraftStep& step : draft.steps) {
    if (!step.component->original) continue;
    for (const auto& [name, wanted] : step.component->original->alike) {
      const ParameterSpec& row = *step.component->parameter(name);
      if (value_of(step, row) == wanted) continue;
      const DraftValue* const own = step.parameter(name);
      const std::string place = own ? own->place : step.place, was = value_of(step, row);
      if (!options.as_original && step.own) continue;
      if (!options.as_original) {
        draft.note(place, step.name + ": " + name + " is " + was + "; the original's result is that of " + wanted +
                              ": --as-original, or --set " + step.name + "." + name + "=" + wanted);
        continue;
      }
      std::erase_if(step.parameters, [&name = name](const DraftValue& one) { return one.name == name; });
      step.parameters.push_back(
          {name, row.type == ParameterType::boolean ? (wanted == "True" ? "true" : "false") : yaml_text(wanted), place});
      draft.note(place, step.name + ": " + name + " is " + wanted + " and not " + was + ", as the original's result has it");
    }
  }
}

/// The original builds the network anew and reads the weights given in vain.
void note_trained_start(Draft& draft) {
  for (const DraftStep& step : draft.steps)
    for (const DraftValue& input : step.inputs) {
      if (step.own) continue;
      const DraftStep* const from = draft.step(input.text.substr(0, input.text.find('.')));
      const PortSpec* const port = from ? from->component->output(input.text.substr(input.text.find('.') + 1)) : nullptr;
      const PortSpec* const own = step.component->input(input.name);
      if (port && own && Specs::get().type(port->type).trained_only && !Specs::get().type(own->type).trained_only &&
          !Specs::get().type(own->type).directory.empty())
        draft.note(input.place, step.name + ": it goes on from the weights of " + input.text + "; the original began anew");
    }
}

}  // namespace

ImportOptions import_options(const std::vector<std::string>& replace, bool as_original, Problems& problems) {
  ImportOptions options;
  options.as_original = as_original;
  for (const std::string& text : replace)
    problems.collect([&] {
      const std::size_t equal = text.find('=');
      if (equal == text.npos || equal == 0 || equal + 1 == text.size())
        throw Error("ParameterParsing.replace_form", {{"value", text}});
      options.replace[text.substr(0, equal)] = Specs::get().component(text.substr(equal + 1)).name;
    });
  return options;
}

std::string text_of_file(const std::filesystem::path& file) {
  try {
    const std::string head = head_of(file);
    if (is_onnx(file, head))
      refuse("this is an ONNX model",
             "ONNX is not read back: import weights that PyTorch or safetensors wrote. torchport export MODEL --format safetensors "
             "-o FOLDER writes such a file.");
    return std::string(without_mark(read_file(file, head.starts_with('{') ? kGraphText : kSmallText)));
  } catch (const Error&) {
    throw;
  } catch (const std::runtime_error& error) {
    const std::string head = head_of(file);
    if (const std::string reason = error.what(); reason.starts_with("larger than") && head.find("\"cell_type\"") == head.npos)
      throw Error("CouldNotOpenFile.too_large", {{"path", file.string()},
                                                 {"reason", reason},
                                                 {"text", std::to_string(kSmallText)},
                                                 {"graph", std::to_string(kGraphText)}});
    if (head.starts_with('{') && head.find("\"cell_type\"") != head.npos) refuse("this is a notebook", kOfPython);
    throw Error("CouldNotOpenFile.file", {{"path", file.string()}, {"reason", error.what()}});
  }
}

FileKind kind_of(const std::string& text, const std::filesystem::path& file) {
  if (const char* other = other_encoding(text))  // what > of older PowerShells writes
    throw Error("FileParsingFailed.azure", {{"reason", std::string("the file ") + other}}).at(file.string());
  if (is_python(text)) refuse("this is a program in Python", kOfPython);
  YAML::Node root;
  try {
    root = parse_yaml_with_aliases(text);
  } catch (const YamlError& error) {
    if (!begins_as_job(text)) return FileKind::other;
    throw Error("FileParsingFailed.azure", {{"reason", error.reason}})
        .at(file.string() + ":" + std::to_string(error.line) + ":" + std::to_string(error.column));
  }
  if (!root.IsMap()) return FileKind::other;
  const std::string type = has(root, "type") && root["type"].IsScalar() ? root["type"].Scalar() : "";
  if (has(root, "jobs")) return FileKind::pipeline_job;
  if (is_graph(root)) return FileKind::graph;
  if (has(root, "cells") && has(root, "nbformat")) refuse("this is a notebook", kOfPython);
  if (has(root, "command") || type == "command")
    refuse("this is one component or command job of Azure ML", "Give the pipeline job whose `jobs` name it.");
  if (type == "pipeline" ||
      (has(root, "$schema") && root["$schema"].IsScalar() && root["$schema"].Scalar().find("azureml") != std::string::npos))
    refuse("this is a file of Azure ML without `jobs`", "Give a pipeline job (CLI v2).");
  return FileKind::other;
}

bool is_own_pipeline(const std::string& text) {
  try {
    const YAML::Node root = parse_yaml_with_aliases(text);
    return root.IsMap() && has(root, "name") && has(root, "steps");
  } catch (const YamlError&) {
    return false;
  }
}

Draft import_pipeline(const std::string& text, FileKind kind, const std::filesystem::path& file, const ImportOptions& options,
                      Problems& problems) {
  Draft draft;
  const auto faults = std::make_shared<FileFaults>(file, problems, "FileParsingFailed.azure");
  const YAML::Node root = parse_yaml_with_aliases(text);
  draft.folder = file.parent_path();
  if (kind == FileKind::graph) {
    read_graph(root, faults, options, draft);
  } else {
    read_job(root, faults, options, draft);
  }
  for (const auto& [step, component] : options.replace) {
    const std::string wanted = as_name(step);
    if (draft.step(wanted) || !problems.empty()) continue;
    std::vector<std::string> names = draft.left_out;
    for (const DraftStep& one : draft.steps) names.push_back(one.name);
    problems.add(Error("ParameterParsing.replace_step",
                       {{"step", step}, {"nearest", did_you_mean(step, names)}, {"steps", join(names, ", ")}})
                     .at("--replace " + step + "=" + component));
  }
  if (draft.steps.empty() && problems.empty())
    problems.add(
        Error("FileParsingFailed.azure", {{"reason", "no step of it is one of the designer's components"}}).at(file.string()));
  settle_differences(draft, options);
  note_trained_start(draft);
  draft.finish();
  return draft;
}

}  // namespace torchport::runtime::azure
