#include "runtime/pipeline/plan.h"

#include "runtime/error/error.h"
#include "runtime/files/sha256.h"
#include "runtime/pipeline/content.h"
#include "runtime/pipeline/step_values.h"
#include "runtime/request/parse_value.h"
#include "runtime/text/secrets.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace {

using nlohmann::json;

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

class Planner {
 public:
  Planner(const Pipeline& pipeline, const History& history, const std::filesystem::path& program,
          const std::vector<std::string>& forced)
      : pipeline_(pipeline), history_(history), forced_(forced.begin(), forced.end()) {
    plan_.contents = json::object();
    program_ = content(program);
    for (const auto& module : std::filesystem::directory_iterator(program.parent_path()))
      if (module.path().extension() == ".so") modules_[module.path().filename().string()] = content(module.path());
    for (const Step& step : pipeline.steps) plan_step(step);
  }
  Plan take() { return std::move(plan_); }

 private:
  /// The hash of what a path holds; from an earlier run where the path looks as it did then.
  std::string content(const std::filesystem::path& path) {
    const std::string name = absolute_name(path);
    if (const auto seen = seen_.find(name); seen != seen_.end()) return seen->second;
    const Look look = look_at(path);
    plan_.looks[name] = look.fingerprint;
    std::string hash = history_.content(name, look.fingerprint);
    const bool known = !hash.empty();
    if (!known) hash = content_of(path);
    if (known || look.settled) plan_.contents[name] = {{"fingerprint", look.fingerprint}, {"sha256", hash}};
    return seen_[name] = hash;
  }

  json ingredients_of(const Step& step) {
    json all = {{"component", step.component->name},
                {"program", program_},
                {"modules", modules_},
                {"spec", sha256_of(step.component->text)},
                {"parameters", json::object()},
                {"run", json::object()},
                {"files", json::object()},
                {"inputs", json::object()}};
    for (const StepValue& value : step.parameters) {
      if (!value.spec->path || value.spec->several) all["parameters"][value.spec->name] = json_of(value.value);
      if (!value.spec->path) continue;
      std::string contents;
      for (const std::filesystem::path& path : named_paths(*value.spec, value.text))
        contents += (contents.empty() ? "" : " ") + content(path);
      all["files"][value.spec->name] = contents;
    }
    for (const StepValue& value : step.run_settings)
      if (value.spec->changes_outputs) all["run"][value.spec->name] = json_of(value.value);
    for (const StepInput& input : step.inputs)
      all["inputs"][input.port->name] = input.is_wire() ? keys_.at(input.step) + "." + input.output : content(input.path);
    for (const PortSpec* const port : step.outputs)
      if (port->optional) all["outputs"][port->name] = true;  // a run without it has nothing for those that need it
    return all;
  }

  void plan_step(const Step& step) {
    PlannedStep planned;
    planned.step = &step;
    planned.ingredients = ingredients_of(step);
    planned.key = keys_[step.name] = sha256_of(dump(planned.ingredients));
    for (const StepInput& input : step.inputs)
      if (forced_.count(input.step)) forced_.insert(step.name);
    const json* const made = forced_.count(step.name) ? nullptr : history_.finished(planned.key);
    if (made) {
      planned.reused = true;
      planned.made_by = text_of(*made, "folder");
      planned.outputs = map_of(*made, "outputs");
      planned.inputs = map_of(*made, "inputs");
    } else {
      planned.why = forced_.count(step.name) ? "forced" : difference(step, planned);
    }
    plan_.steps.push_back(std::move(planned));
  }

  /// What has changed since the step last ran, in a few words.
  std::string difference(const Step& step, const PlannedStep& planned) const {
    const json* const last = history_.last(pipeline_.name, step.name);
    if (!last) return "it has not run yet";
    const json& old = map_of(*last, "ingredients");
    if (text_of(*last, "key") == planned.key) {
      const std::string state = text_of(*last, "state");
      return state == "done" || state == "reused" ? "its outputs are changed or gone" : "it did not finish";
    }
    if (text_of(*last, "key").empty()) return "an input changed while it ran";
    if (text_of(old, "component") != text_of(planned.ingredients, "component")) return "it is another component";
    if (text_of(old, "program") != text_of(planned.ingredients, "program") ||
        map_of(old, "modules") != map_of(planned.ingredients, "modules"))
      return "torchport was built again";
    if (text_of(old, "spec") != text_of(planned.ingredients, "spec")) return "the spec of its component changed";
    for (const char* const group : {"parameters", "run", "files", "inputs", "outputs"}) {
      const json& all = map_of(old, group);
      for (const auto& [name, value] : map_of(planned.ingredients, group).items()) {
        const auto before = all.find(name);
        if (before == all.end()) return name + " is new";
        if (*before == value || (value.is_string() && *before == without_secrets(value.get<std::string>()))) continue;
        const bool plain = group == std::string_view("parameters") || group == std::string_view("run");
        return plain ? name + " was " + (before->is_string() ? before->get<std::string>() : dump(*before)) : name + " changed";
      }
    }
    return "a parameter, an input or an output was taken away";
  }

  const Pipeline& pipeline_;
  const History& history_;
  std::set<std::string> forced_;
  std::string program_;
  json modules_ = json::object();  // that it loads: decoders of some images
  std::map<std::string, std::string> keys_, seen_;
  Plan plan_;
};

}  // namespace

std::vector<std::filesystem::path> outside_of(const Step& step) {
  std::vector<std::filesystem::path> paths;
  for (const StepInput& input : step.inputs)
    if (!input.is_wire()) paths.push_back(input.path);
  for (const StepValue& value : step.parameters)
    if (value.spec->path)
      for (std::filesystem::path& path : named_paths(*value.spec, value.text)) paths.push_back(std::move(path));
  return paths;
}

std::string absolute_name(const std::filesystem::path& path) { return std::filesystem::absolute(path).lexically_normal().string(); }

Plan make_plan(const Pipeline& pipeline, const History& history, const std::filesystem::path& program,
               const std::vector<std::string>& forced) {
  std::vector<std::string> names;
  for (const Step& step : pipeline.steps) names.push_back(step.name);
  for (const std::string& name : forced) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string near = nearest(name, names);
    throw Error("ParameterParsing.unknown_step", {{"step", name}, {"nearest", near.empty() ? "" : "Did you mean " + near + "? "}});
  }
  return Planner(pipeline, history, program, forced).take();
}

}  // namespace torchport::runtime
