// torchport runs: what became of earlier runs, from what their folders hold.
#include <unistd.h>

#include <iostream>

#include "component/runs/run_difference.h"
#include "component/runs/run_removal.h"
#include "component/runs/run_summary.h"
#include "runtime/cli/call.h"
#include "runtime/cli/table_text.h"
#include "runtime/error/error.h"
#include "runtime/pipeline/history.h"
#include "runtime/text/json_text.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace fs = std::filesystem;
using namespace runtime;
namespace {

using Words = std::vector<std::string>;

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

int list_runs(const Host& host, const fs::path& runs, bool json) {
  const std::vector<RunSummary> all = summaries_in(runs);
  nlohmann::ordered_json document = nlohmann::ordered_json::array();
  std::vector<Words> rows = {{"RUN", "STATE", "STARTED", "TIME", "STEPS", "TOP-1", "LOSS", "WHAT"}};
  for (const RunSummary& run : all) {
    document.push_back(json_of(run));
    const std::string steps = run.what == "pipeline" ? std::to_string(run.finished_steps) + "/" + std::to_string(run.steps) : "-";
    const auto row = [&](const RunSummary& one, const std::string& name, const std::string& what) {
      rows.push_back({name, or_dash(one.state), or_dash(one.started), component::time_text(one.seconds), steps,
                      figure_text(one.top1), figure_text(one.loss), what});
    };
    row(run, run.name(), run.what);
    for (const RunSummary& earlier : run.earlier) row(earlier, "  " + earlier.attempt, earlier.what);
  }
  host.out << (json ? json_text(document) : table_text(rows));
  return 0;
}

/// Each value that is not the spec's default, with its name.
nlohmann::ordered_json given_values(const nlohmann::json& record, const Words& groups) {
  nlohmann::ordered_json values = nlohmann::ordered_json::object();
  for (const std::string& group : groups)
    for (const auto& [name, value] : map_of(record, group).items())
      if (text_of(value, "origin") != "default" && value.is_object() && value.contains("value")) values[name] = value;
  return values;
}

/// "epochs=10 (--set)"
std::string values_text(const nlohmann::ordered_json& values, bool of_pipeline) {
  Words words;
  for (const auto& [name, value] : values.items()) {
    const auto& given = value["value"];
    words.push_back(name + "=" + (given.is_string() ? given.get<std::string>() : given.dump()) +
                    (of_pipeline && value["origin"] == "command line" ? " (--set)" : ""));
  }
  return join(words, " ");
}

/// What is shown of a step, or of an attempt of a component's run; `folder` of an earlier one is its record.
struct Shown {
  std::string name, state, folder, what;
  nlohmann::ordered_json values;
  std::optional<double> seconds, top1, loss;
};

std::vector<Shown> shown_of(const ReportFacts& facts, const RunSummary& summary) {
  std::vector<Shown> all;
  for (const RunFacts& run : facts.runs) {
    Shown one;
    one.name = run.name;
    one.state = facts.is_pipeline() ? run.state : summary.state;
    one.folder = facts.is_pipeline() ? text_of(run.step, "folder") : facts.folder.string();
    one.what = run.component();
    one.values = facts.is_pipeline() ? given_values(run.step, {"parameters", "run"})
                                     : given_values(run.record, {"parameters", "run_settings"});
    const auto seconds = run.step.find("seconds");
    one.seconds = !facts.is_pipeline()                                ? summary.seconds
                  : seconds != run.step.end() && seconds->is_number() ? std::optional(seconds->get<double>())
                                                                      : std::nullopt;
    std::tie(one.top1, one.loss) = figures_of(run);
    all.push_back(std::move(one));
  }
  for (const RunSummary& earlier : summary.earlier) {
    const nlohmann::json record = read_earlier_facts(earlier.folder, earlier.attempt).record;
    all.push_back({earlier.attempt, earlier.state, earlier.record().string(), earlier.what,
                   given_values(record, {"parameters", "run_settings"}), earlier.seconds, earlier.top1, earlier.loss});
  }
  return all;
}

int show_run(const Host& host, const fs::path& folder, bool json) {
  const ReportFacts facts = read_report_facts(folder, ReadLogs::no);
  const RunSummary summary = summary_of(facts);
  nlohmann::ordered_json document = json_of(summary);
  document["shown"] = nlohmann::ordered_json::array();
  std::vector<Words> rows = {{"STEP", "STATE", "TIME", "TOP-1", "LOSS", "FOLDER", "VALUES"}};
  for (const Shown& one : shown_of(facts, summary)) {
    rows.push_back({one.name, or_dash(one.state), component::time_text(one.seconds), figure_text(one.top1), figure_text(one.loss),
                    or_dash(one.folder), values_text(one.values, facts.is_pipeline())});
    const auto number = [](std::optional<double> value) {
      return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
    };
    document["shown"].push_back({{"name", one.name},
                                 {"component", one.what},
                                 {"state", one.state},
                                 {"seconds", number(one.seconds)},
                                 {"top_1", number(one.top1)},
                                 {"loss", number(one.loss)},
                                 {"folder", one.folder},
                                 {"values", one.values}});
  }
  if (json) {
    host.out << json_text(document);
    return 0;
  }
  const std::string of = facts.is_pipeline() ? text_of(facts.pipeline, "file") : summary.what;
  host.out << visible(summary.name()) << ": " << visible(or_dash(summary.state)) << ", started "
           << visible(or_dash(summary.started)) << ", " << component::time_text(summary.seconds) << ", of " << visible(of) << "\n"
           << table_text(rows);
  return 0;
}

int compare_runs(const Host& host, const fs::path& a, const fs::path& b, bool json) {
  const auto found = differences(read_report_facts(a, ReadLogs::no), read_report_facts(b, ReadLogs::no));
  if (json) {
    nlohmann::ordered_json document = nlohmann::ordered_json::array();
    for (const auto& [what, one, other] : found) document.push_back({{"what", what}, {"a", one}, {"b", other}});
    host.out << json_text(document);
    return 0;
  }
  std::vector<Words> rows = {{"WHAT", a.filename().string(), b.filename().string()}};
  for (const auto& [what, one, other] : found) rows.push_back({what, one, other});
  host.out << (found.empty() ? "the two have the same values, inputs, versions and results\n" : table_text(rows));
  return 0;
}

/// Asks who sits at the terminal.
bool confirmed(const Host& host) {
  host.err << "Remove? [y/N] ";
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

int remove_runs(const Host& host, const Words& names, const fs::path& runs, bool yes, bool json) {
  std::vector<Removal> removals;
  Problems problems;
  for (const std::string& name : names) problems.collect([&] { removals.push_back(removal_of(name, runs)); });
  problems.throw_if_any();
  std::string all;
  for (const Removal& removal : removals) {
    if (!yes) host.err << removal_text(removal) << "\n";
    all += (all.empty() ? "" : ", ") + removal.folder.filename().string();
  }
  if (!yes && (!isatty(STDIN_FILENO) || !confirmed(host))) throw Error("FailedToCompleteOperation.not_removed", {{"runs", all}});
  nlohmann::ordered_json document = nlohmann::ordered_json::array();
  for (const Removal& removal : removals) {
    remove_run(removal);
    document.push_back(
        {{"removed", removal.folder.string()}, {"bytes", removal.bytes}, {"files", removal.files}, {"users", removal.users}});
    if (!json) host.out << "removed " << removal_text(removal) << std::endl;
  }
  if (json) host.out << json_text(document);
  return 0;
}

}  // namespace

int runs(Call& call) {
  const Arguments given = call.arguments();
  const fs::path folder = given.get<std::string>("runs");
  const bool json = given.get<bool>("json");
  const Words& operands = given.operands;
  const auto run_at = [&](std::size_t i) { return folder_of_run(operands[i], folder); };
  if (operands.size() == 1 && operands[0] == "list") return list_runs(call.host, folder, json);
  if (operands.size() == 2 && operands[0] == "show") return show_run(call.host, run_at(1), json);
  if (operands.size() == 3 && operands[0] == "diff") return compare_runs(call.host, run_at(1), run_at(2), json);
  if (operands.size() >= 2 && operands[0] == "rm")
    return remove_runs(call.host, {operands.begin() + 1, operands.end()}, folder, given.get<bool>("unasked"), json);
  throw Error("ParameterParsing.no_operand", {{"command", call.spec.name}, {"operand", operands_text(call.spec)}});
}

}  // namespace torchport::component
