#include "component/report/pipeline_section.h"

#include "component/report/progress.h"
#include "component/report/report.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/pipeline/history.h"
#include "runtime/pipeline/picture.h"
#include "runtime/pipeline/reader.h"
#include "runtime/pipeline/run.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

using runtime::map_of;
using runtime::text_of;

std::string text_of_value(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// The values that ran: those of the command line are not in the file.
void take_values(std::vector<runtime::StepValue>& values, const nlohmann::json& recorded) {
  for (runtime::StepValue& value : values) {
    const auto found = recorded.find(value.spec->name);
    if (found == recorded.end() || text_of(*found, "origin") != "command line" || !found->contains("value")) continue;
    value.text = text_of_value((*found)["value"]);
    value.origin = "command line";
  }
}

std::string picture(const ReportFacts& facts, const fs::path& target) {
  runtime::Problems problems;
  std::vector<runtime::Setting> inputs;  // without which the file may not be whole
  for (const auto& [name, value] : map_of(facts.pipeline, "given").items())
    if (value.is_string()) inputs.push_back({"inputs", name, value.get<std::string>()});
  runtime::Pipeline pipeline = runtime::read_pipeline_text(runtime::read_file(facts.folder / "pipeline.yaml", runtime::kSmallText),
                                                           text_of(facts.pipeline, "file"), inputs, problems);
  problems.throw_if_any();
  for (runtime::Step& step : pipeline.steps) {
    const auto& record = map_of(map_of(facts.pipeline, "steps"), step.name);
    take_values(step.parameters, map_of(record, "parameters"));
    take_values(step.run_settings, map_of(record, "run"));
  }
  return runtime::svg_text(pipeline, facts.pipeline, target);
}

void add_graph(Page& page, const ReportFacts& facts, const fs::path& target) {
  try {
    const std::string svg = picture(facts, target);
    page.html.open("div", {{"class", "graph"}, {"id", "graph"}}).trusted(svg).close();
    add_note(page, page.say("A click on a box leads to what the step left."));
  } catch (const std::exception& fault) {  // without Graphviz the table below tells the same
    add_note(page, page.say("There is no picture of the graph: {0}.", {fault.what()}));
  }
}

/// What a step left, each with its link.
void add_links(Page& page, const RunFacts& run) {
  const auto link = [&](const std::string& text, const fs::path& path) {
    page.html.element("a", text, {{"href", page.link(path)}}).text(" ");
  };
  if (run.folder.empty()) return;
  for (const auto& [port, output] : map_of(run.step, "outputs").items())
    if (const fs::path folder = run.output(port); !folder.empty()) link(port, folder);
  std::error_code ignored;
  if (!run.logs.empty()) link(page.say("logs"), run.folder / "logs");
  if (fs::exists(run.folder / kReportFile, ignored)) link(page.say("report"), run.folder / kReportFile);
}

std::string time_of(const ReportFacts& facts, const RunFacts& run) {
  if (const auto seconds = running_seconds(facts, run)) return runtime::duration_text(*seconds);
  const auto found = run.step.find("seconds");
  return found != run.step.end() && found->is_number() ? runtime::duration_text(found->get<double>()) : "-";
}

}  // namespace

void add_pipeline(Page& page, const ReportFacts& facts, const fs::path& target) {
  begin_section(page, "pipeline", page.say("Pipeline"));
  add_graph(page, facts, target);
  open_table(page,
             {page.say("step"), page.say("component"), page.say("state"), page.say("time"), page.say("result"),
              page.say("outputs and logs")},
             {{"class", "steps"}});
  for (const RunFacts& run : facts.runs) {
    page.html.open("tr", {{"id", "step-row-" + run.name}}).element("td", run.name).element("td", run.component());
    page.html.open("td").element("span", page.say(run.state), {{"class", "state " + run.state}}).close();
    page.html.element("td", time_of(facts, run), {{"data-time", run.name}})
        .element("td", page.say.sentence(text_of(run.record, "summary")))
        .open("td");
    add_links(page, run);
    page.html.close().close();
  }
  close_table(page);
  end_section(page);
}

}  // namespace torchport::component
