// torchport runs: what pipeline.json of earlier runs tells.
#include <ostream>

#include "runtime/cli/call.h"
#include "runtime/cli/table_text.h"
#include "runtime/pipeline/history.h"
#include "runtime/pipeline/run.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace fs = std::filesystem;
using namespace runtime;
namespace {

using Words = std::vector<std::string>;

std::string seconds_of(const nlohmann::json& record) {
  const auto found = record.find("seconds");
  return found != record.end() && found->is_number() ? duration_text(found->get<double>()) : "-";
}

int list_runs(const Host& host, const fs::path& runs) {
  std::vector<Words> rows = {{"RUN", "STATE", "STARTED", "TIME", "STEPS"}};
  const History history(runs);
  for (const PastRun& run : history.runs()) {
    const auto& steps = map_of(run.record, "steps");
    const auto finished = std::count_if(steps.begin(), steps.end(), [](const auto& step) {
      return text_of(step, "state") == "done" || text_of(step, "state") == "reused";
    });
    rows.push_back({run.folder, state_of(run, runs), run.text("started"), seconds_of(run.record),
                    std::to_string(finished) + "/" + std::to_string(steps.size())});
  }
  host.out << table_text(rows);
  return 0;
}

/// "epochs=10 (command line)" for each value that is not the spec's default.
std::string given_values(const nlohmann::json& step) {
  Words values;
  for (const char* const group : {"parameters", "run"}) {
    for (const auto& [name, value] : map_of(step, group).items()) {
      if (text_of(value, "origin") == "default" || !value.is_object() || !value.contains("value")) continue;
      const auto& given = value["value"];
      values.push_back(name + "=" + (given.is_string() ? given.get<std::string>() : given.dump()) +
                       (text_of(value, "origin") == "command line" ? " (--set)" : ""));
    }
  }
  return join(values, " ");
}

int show_run(const Host& host, const fs::path& runs, const std::string& name) {
  const History history(runs);
  const auto run =
      std::find_if(history.runs().begin(), history.runs().end(), [&](const PastRun& one) { return one.folder == name; });
  if (run == history.runs().end()) throw Error("ParameterParsing.no_run", {{"path", (runs / name).string()}});
  const auto& steps = map_of(run->record, "steps");
  std::map<std::int64_t, Words> rows = {{0, {"STEP", "STATE", "TIME", "FOLDER", "VALUES"}}};
  for (const auto& [step, record] : steps.items()) {
    const auto position = record.find("position");
    const std::int64_t at = position != record.end() && position->is_number_integer() ? position->get<std::int64_t>() : 0;
    rows.emplace(at, Words{step, text_of(record, "state"), seconds_of(record), text_of(record, "folder"), given_values(record)});
  }
  std::vector<Words> sorted;
  for (const auto& [position, row] : rows) sorted.push_back(row);
  host.out << visible(name) << ": " << state_of(*run, runs) << ", started " << visible(run->text("started")) << ", "
           << seconds_of(run->record) << ", of " << visible(run->text("file")) << "\n"
           << table_text(sorted);
  return 0;
}

}  // namespace

int runs(Call& call) {
  const Arguments given = call.arguments();
  const fs::path folder = given.get<std::string>("runs");
  const Words& operands = given.operands;
  if (operands.size() == 1 && operands[0] == "list") return list_runs(call.host, folder);
  if (operands.size() == 2 && operands[0] == "show") {  // a run is named as `runs list` does, or by its folder
    const fs::path run = fs::path(operands[1] + "/").parent_path();
    return show_run(call.host, run.has_parent_path() ? run.parent_path() : folder, run.filename().string());
  }
  throw Error("ParameterParsing.no_operand", {{"command", call.spec.name}, {"operand", operands_text(call.spec)}});
}

}  // namespace torchport::component
