#include "runtime/pipeline/commands.h"

#include <ostream>

#include "runtime/cli/options.h"
#include "runtime/files/files.h"
#include "runtime/launch/launch.h"
#include "runtime/launch/launched_as.h"
#include "runtime/pipeline/picture.h"
#include "runtime/pipeline/plan.h"
#include "runtime/pipeline/run.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

using Words = std::vector<std::string>;
constexpr const char* kRuns = "runs";

/// The one operand that a command takes.
std::string operand(const Options& options, const std::string& command, const std::string& name) {
  if (options.operands.empty()) throw Error("ParameterParsing.no_operand", {{"command", command}, {"operand", name}});
  if (options.operands.size() > 1) throw Error("ParameterParsing.positional", {{"value", options.operands[1]}});
  return options.operands[0];
}

/// The file of a command with its --set, checked by itself.
Pipeline pipeline_of(const Options& options, const std::string& command, Problems& problems) {
  std::vector<Setting> settings;
  for (const std::string& text : options.all("--set")) problems.collect([&] { settings.push_back(parse_setting(text)); });
  return read_pipeline(operand(options, command, "PIPELINE.yaml"), settings, problems);
}

/// The same, checked with the files that exist already.
Pipeline checked_pipeline(const CommandLine& cli, const Options& options, const std::string& command) {
  Problems problems;
  Pipeline pipeline = pipeline_of(options, command, problems);
  for (const Step& step : pipeline.steps) {
    if (!step.component) continue;
    std::map<std::string, fs::path> inputs;
    for (const StepInput& input : step.inputs)
      if (!input.is_wire()) inputs[input.port->name] = input.path;
    check_step(step, inputs, cli.check, problems);
  }
  problems.throw_if_any();
  return pipeline;
}

/// What a run would find out too late: rules across inputs, some of which are outputs of earlier runs, and what mpirun refuses.
void check_plan(const CommandLine& cli, const Plan& plan, const fs::path& runs) {
  std::map<std::string, fs::path> outputs;
  Problems problems;
  for (const PlannedStep& planned : plan.steps) {
    std::map<std::string, fs::path> inputs;
    bool any_reused = false;
    for (const StepInput& input : planned.step->inputs) {
      const auto made = outputs.find(input.step + "." + input.output);
      any_reused = any_reused || made != outputs.end();
      if (!input.is_wire() || made != outputs.end()) inputs[input.port->name] = input.is_wire() ? made->second : input.path;
    }
    if (!planned.reused) {
      if (any_reused) check_step(*planned.step, inputs, cli.check, problems);
      const Problems refused = launch_refusals(request_of(*planned.step));
      for (const Error& error : refused.all()) problems.add(error.at(planned.step->place));
    }
    for (const auto& [port, output] : planned.outputs.items())
      outputs[planned.step->name + "." + port] = runs / text_of(output, "path");
  }
  problems.throw_if_any();
}

std::string seconds_of(const nlohmann::json& record) {
  const auto found = record.find("seconds");
  return found != record.end() && found->is_number() ? duration_text(found->get<double>()) : "-";
}

int list_runs(const CommandLine& cli, const fs::path& runs) {
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
  cli.out << table_text(rows);
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

int show_run(const CommandLine& cli, const fs::path& runs, const std::string& name) {
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
  cli.out << visible(name) << ": " << state_of(*run, runs) << ", started " << visible(run->text("started")) << ", "
          << seconds_of(run->record) << ", of " << visible(run->text("file")) << "\n"
          << table_text(sorted);
  return 0;
}

}  // namespace

std::string table_text(const std::vector<Words>& rows) {
  std::vector<std::size_t> widths;
  for (const Words& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(visible(row[i])));
  }
  std::string out;
  for (const Words& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = visible(row[i]);
      line += cell + (i + 1 < row.size() ? std::string(widths[i] - display_width(cell) + 2, ' ') : "");
    }
    out += line + "\n";
  }
  return out;
}

CheckedPlan checked_plan(const CommandLine& cli, const Options& options, const std::string& command) {
  if (launched_as()) throw Error("FailedToCompleteOperation.launched_pipeline");
  CheckedPlan checked{options.last("--runs", kRuns), checked_pipeline(cli, options, command), {}};
  checked.plan = make_plan(checked.pipeline, History(checked.runs), cli.worker, options.all("--force"));
  check_plan(cli, checked.plan, checked.runs);
  return checked;
}

int run_pipeline_command(const CommandLine& cli, const Words& words, const Words& worker_arguments) {
  const Options options = parse_options("run", words, kPlanOptions, {"--dry-run"});
  const CheckedPlan checked = checked_plan(cli, options, "run");
  if (!options.has("--dry-run")) return run_pipeline(cli, worker_arguments, checked.pipeline, checked.plan, checked.runs);
  std::vector<Words> rows;
  for (const PlannedStep& planned : checked.plan.steps)
    rows.push_back({planned.step->name, planned.reused ? "reuse" : "run", planned.reused ? planned.made_by : planned.why});
  cli.out << table_text(rows);
  return 0;
}

int validate_pipeline_command(const CommandLine& cli, const Words& words) {
  const Options options = parse_options("validate", words, {"--set"});
  const Pipeline pipeline = checked_pipeline(cli, options, "validate");
  std::vector<Words> rows;
  for (const Step& step : pipeline.steps) {
    for (const auto* values : {&step.parameters, &step.run_settings})
      for (const StepValue& value : *values) rows.push_back({"  " + step.name + "." + value.spec->name, value.text, value.origin});
  }
  cli.out << "ok: " << pipeline.name << " can run with these values; what its steps hand on is checked when they do\n"
          << table_text(rows);
  return 0;
}

int graph_command(const Words& words) {
  const Options options = parse_options("graph", words, {"-o", "--output", "--run", "--set"});
  const std::string target = options.last("--output", options.last("-o", ""));
  if (target.empty()) throw Error("ParameterParsing.no_value", {{"flag", "output"}});
  Problems problems;
  const Pipeline pipeline = pipeline_of(options, "graph", problems);  // a picture needs no inputs
  problems.throw_if_any();
  nlohmann::json record;
  if (options.has("--run")) {
    const fs::path folder = options.last("--run", "");
    try {
      record = nlohmann::json::parse(read_file(folder / "pipeline.json"));
    } catch (const std::exception&) {
      throw Error("ParameterParsing.no_run", {{"path", folder.string()}});
    }
  }
  write_picture(pipeline, record, target);
  return 0;
}

int runs_command(const CommandLine& cli, const Words& words) {
  const Options options = parse_options("runs", words, {"--runs"});
  const fs::path runs = options.last("--runs", kRuns);
  const Words& operands = options.operands;
  if (operands.size() == 1 && operands[0] == "list") return list_runs(cli, runs);
  if (operands.size() == 2 && operands[0] == "show") {  // a run is named as `runs list` does, or by its folder
    const fs::path run = fs::path(operands[1] + "/").parent_path();
    return show_run(cli, run.has_parent_path() ? run.parent_path() : runs, run.filename().string());
  }
  throw Error("ParameterParsing.no_operand", {{"command", "runs"}, {"operand", "list|show RUN"}});
}

}  // namespace torchport::runtime
