// torchport validate: a component's request, or a pipeline.
#include <nlohmann/json.hpp>
#include <ostream>

#include "component/check.h"
#include "runtime/cli/call.h"
#include "runtime/cli/help.h"
#include "runtime/cli/help_language.h"
#include "runtime/cli/table_text.h"
#include "runtime/launch/launch.h"
#include "runtime/launch/launched_as.h"
#include "runtime/launch/run_dir.h"
#include "runtime/pipeline/checked_plan.h"
#include "runtime/request/parse_value.h"
#include "runtime/text/json_text.h"

namespace torchport::component {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string to_text(const runtime::Value& value) {
  std::array<char, 32> digits{};
  const auto number = [&](auto n) {
    return std::string(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), n).ptr);
  };
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return number(*integer);
  if (const auto* real = std::get_if<double>(&value)) return number(*real);
  if (const auto* boolean = std::get_if<bool>(&value)) return *boolean ? "True" : "False";
  return runtime::text_of_value(value);
}

std::string json_of(const std::string& name, const std::string& column, const Rows& rows) {
  nlohmann::ordered_json values = nlohmann::ordered_json::array();
  for (const auto& row : rows) values.push_back({{column, row[0]}, {"value", row[1]}, {"origin", row[2]}});
  return runtime::json_text(nlohmann::ordered_json{{"name", name}, {"values", values}});
}

std::string text_of(const std::string& said, Rows rows, std::size_t gap) {
  for (auto& row : rows) row[0].insert(0, "  ");
  return said + "\n" + runtime::table_text(rows, gap);
}

/// Every value of a request with where it came from.
Rows values_of(const runtime::Request& request) {
  Rows rows;
  const auto add_port = [&](const runtime::PortSpec& port, const auto& paths) {
    if (const auto given = paths.find(port.name); given != paths.end())
      rows.push_back({"--" + port.flag, given->second.string(), "command line"});
  };
  const auto add_value = [&](const runtime::ParameterSpec& parameter, const auto& values) {
    if (const auto given = values.find(parameter.name); given != values.end())
      rows.push_back({"--" + parameter.flag, to_text(given->second.value), given->second.origin});
  };
  for (const auto& port : request.component->inputs) add_port(port, request.inputs);
  for (const auto& port : request.component->outputs) add_port(port, request.outputs);
  for (const auto& parameter : request.component->parameters) add_value(parameter, request.parameters);
  for (const auto* setting : runtime::Specs::get().run_settings_of(*request.component)) add_value(*setting, request.run_settings);
  return rows;
}

int validate_pipeline(const runtime::Call& call) {
  const runtime::Arguments given = call.arguments();
  const runtime::Pipeline pipeline = checked_as_run(call.host, given, check_request);
  Rows rows;
  for (const runtime::Step& step : pipeline.steps) {
    for (const auto* values : {&step.parameters, &step.run_settings})
      for (const runtime::StepValue& value : *values)
        rows.push_back({step.name + "." + value.spec->name, value.text, value.origin});
  }
  call.host.out << (given.get<bool>("json")
                        ? json_of(pipeline.name, "parameter", rows)
                        : text_of(
                              "ok: " + pipeline.name + " can run with these values; what its steps hand on is checked when they do",
                              rows, 2));
  return 0;
}

}  // namespace

int validate(runtime::Call& call) {
  if (call.names_pipeline()) return validate_pipeline(call);
  const runtime::ComponentSpec& component = call.component();
  if (call.wants_help()) {
    call.host.out << help_text(component, runtime::Specs::get(), runtime::help_language(call.words));
    return 0;
  }
  call.subject = component.name;
  runtime::Problems problems;
  std::vector<std::string> flags = call.component_flags();
  const bool json = std::erase(flags, "--json") > 0;  // no component has such a flag
  runtime::Request request = parse_request(component, flags, problems);
  check_request(request, problems);
  problems.collect([&] {
    if (const runtime::Problems refused = launch_refusals(request); !runtime::launched_as()) refused.throw_if_any();
  });
  problems.collect(
      [&] { runtime::check_run_dir(request.has_setting("run_dir") ? request.setting<std::string>("run_dir") : "runs"); });
  problems.throw_if_any();
  for (const runtime::ValueNote& note : request.notes) call.host.err << "note: " << note.text << "\n";
  const Rows rows = values_of(request);
  call.host.out << (json ? json_of(component.name, "flag", rows)
                         : text_of("ok: " + component.name + " can run with these values; image files are read when it does", rows,
                                   3));
  return 0;
}

}  // namespace torchport::component
