#include "component/report/record_sections.h"

#include <algorithm>

#include "runtime/pipeline/history.h"
#include "runtime/spec/spec.h"
#include "runtime/text/shell.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace {

using runtime::map_of;
using runtime::text_of;

std::string text_of_value(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void add_log(Page& page, const std::string& step, const RunLog& log) {
  page.html.open("details", log.failed ? Html::Attributes{{"open", ""}} : Html::Attributes{});
  page.html.open("summary").text((step.empty() ? "" : step + " · ") + log.path.filename().string());
  if (log.failed) page.html.text(" ").element("span", page.say("failed first"), {{"class", "state failed"}});
  page.html.close();
  page.html.open("pre").text(log.begin).close();
  if (log.left_out > 0) {
    add_note(page, page.say("{0} bytes are left out here.", {std::to_string(log.left_out)}));
    page.html.open("pre").text(log.end).close();
  }
  page.html.open("p").element("a", page.say("the whole file"), {{"href", page.link(log.path)}}).close().close();
}

/// The title of a parameter or run setting, as the component's spec has it.
const runtime::ParameterSpec* spec_of(const std::string& component, const std::string& name) {
  for (const runtime::ComponentSpec& one : runtime::Specs::get().components()) {
    if (one.name != component) continue;
    if (const auto* parameter = one.parameter(name)) return parameter;
  }
  for (const runtime::ParameterSpec& setting : runtime::Specs::get().run_settings())
    if (setting.name == name) return &setting;
  return nullptr;
}

/// Those that somebody gave come first. A pipeline knows better than its step where a value was given.
std::vector<Row> parameter_rows(const Page& page, const RunFacts& run) {
  std::vector<Row> given, defaults;
  for (const auto& [in_step, in_record] : {std::pair("parameters", "parameters"), std::pair("run", "run_settings")}) {
    const auto& recorded = map_of(run.record, in_record);
    const auto& planned = map_of(run.step, in_step);
    for (const auto& [name, value] : (recorded.empty() ? planned : recorded).items()) {
      const auto of_pipeline = planned.find(name);
      const std::string origin = text_of(of_pipeline == planned.end() ? value : *of_pipeline, "origin");
      const auto* const spec = spec_of(run.component(), name);
      (origin == "default" ? defaults : given)
          .push_back({spec ? spec->title : name, "--" + (spec ? spec->flag : name),
                      value.is_object() && value.contains("value") ? text_of_value(value["value"]) : "-", page.say(origin)});
    }
  }
  given.insert(given.end(), defaults.begin(), defaults.end());
  return given;
}

/// What was typed, for a shell; "" where the record does not say.
std::string command_of(const nlohmann::json& record) {
  std::vector<std::string> words;
  if (const auto found = record.find("command"); found != record.end())
    for (const auto& word : *found)
      if (word.is_string()) words.push_back(runtime::shell_word(word.get<std::string>()));
  return runtime::join(words, " ");
}

void add_inputs(Page& page, const RunFacts& run) {
  std::vector<Row> rows;
  for (const auto& [port, input] : map_of(run.record, "inputs").items()) {
    const auto& hashes = map_of(input, "sha256");
    if (hashes.empty()) rows.push_back({port, text_of(input, "path"), "-", "-"});
    for (const auto& [file, hash] : hashes.items())
      rows.push_back({port, text_of(input, "path"), file, hash.is_string() ? hash.get<std::string>() : "-"});
    if (const auto others = input.is_object() ? input.find("not_hashed") : input.end(); input.is_object() && others != input.end())
      rows.push_back({port, text_of(input, "path"), page.say("{0} more files", {text_of_value(*others)}), "-"});
  }
  if (rows.empty()) return;
  add_folded_table(page, page.say("Inputs of {0}", {run.name}), {page.say("input"), page.say("path"), page.say("file"), "SHA-256"},
                   rows);
}

}  // namespace

void add_logs(Page& page, const ReportFacts& facts) {
  std::vector<const RunFacts*> runs;
  for (const RunFacts& run : facts.runs)
    if (!run.logs.empty()) runs.push_back(&run);
  if (runs.empty()) return;
  std::stable_partition(runs.begin(), runs.end(), [](const RunFacts* run) { return run->state == "failed"; });
  begin_section(page, "logs", page.say("Logs"));
  for (const RunFacts* const run : runs) {
    std::size_t without = 0;
    for (const RunLog& log : run->logs) {
      if (log.begin.empty()) {
        ++without;
      } else {
        add_log(page, facts.is_pipeline() ? run->name : "", log);
      }
    }
    if (without == 0) continue;
    page.html.open("p", {{"class", "note"}}).text(page.say("{0} more logs are not shown here:", {std::to_string(without)}) + " ");
    page.html.element("a", page.say("logs"), {{"href", page.link(run->folder / "logs")}}).close();
  }
  end_section(page);
}

void add_parameters(Page& page, const ReportFacts& facts) {
  begin_section(page, "parameters", page.say("Parameters"));
  const std::vector<std::string> heads = {page.say("parameter"), page.say("flag"), page.say("value"), page.say("origin")};
  for (const RunFacts& run : facts.runs) {
    const std::vector<Row> rows = parameter_rows(page, run);
    if (!rows.empty()) add_folded_table(page, run.name, heads, rows);
  }
  end_section(page);
}

void add_provenance(Page& page, const ReportFacts& facts) {
  begin_section(page, "provenance", page.say("Provenance"));
  const nlohmann::json& record = facts.is_pipeline() ? facts.pipeline : facts.runs.front().record;
  if (const std::string command = command_of(record); !command.empty())
    page.html.element("p", page.say("The command that runs this again:")).open("pre").text(command).close();
  std::vector<Row> rows;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) rows.push_back({name, value});
  };
  add(page.say("folder"), facts.folder.string());
  add(page.say("working directory"), text_of(record, "directory"));
  if (facts.is_pipeline()) {
    for (const char* const key : {"file", "torchport", "commit", "started"}) add(page.say(key), text_of(facts.pipeline, key));
  }
  for (const RunFacts& run : facts.runs) {
    if (rows.size() > 1 && map_of(run.record, "versions").empty()) continue;
    for (const auto& [library, version] : map_of(run.record, "versions").items())
      if (std::none_of(rows.begin(), rows.end(), [&](const Row& row) { return row[0].text == page.say(library); }))
        add(page.say(library), version.is_string() ? version.get<std::string>() : "");
  }
  add_table(page, {page.say("fact"), page.say("value")}, rows);
  for (const RunFacts& run : facts.runs) add_inputs(page, run);
  end_section(page);
}

}  // namespace torchport::component
