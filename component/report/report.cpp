#include "component/report/report.h"

#include "component/report/evaluation_section.h"
#include "component/report/pipeline_section.h"
#include "component/report/progress.h"
#include "component/report/record_sections.h"
#include "component/report/training_section.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/pipeline/history.h"
#include "runtime/pipeline/run.h"
#include "runtime/text/utc.h"

namespace torchport::component {
namespace fs = std::filesystem;
namespace {

using runtime::text_of;

/// What report.js says, in the page's language.
constexpr const char* kScriptWords[] = {"true {0}, predicted {1}: {2}", "No image is in this cell.",
                                        "These are right. This page has pictures of mistakes only.",
                                        "{0} of {1} are in this page."};

/// Scripts run only with the page's own key, and nothing is fetched from anywhere but, for a page that is served, its server.
std::string policy(const std::string& key, bool served) {
  return "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'nonce-" + key +
         "'; base-uri 'none'; form-action 'none'" + (served ? "; connect-src 'self'" : "");
}

void add_head(Page& page, const ReportFacts& facts, const std::string& key, bool served) {
  page.html.trusted("<!DOCTYPE html>\n").open("html", {{"lang", page.say.name()}}).open("head");
  page.html.element("meta", "", {{"charset", "utf-8"}});
  page.html.element("meta", "", {{"http-equiv", "Content-Security-Policy"}, {"content", policy(key, served)}});
  page.html.element("meta", "", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  page.html.element("meta", "", {{"name", "color-scheme"}, {"content", "light dark"}});
  page.html.element("title", facts.title + " - torchport");
  page.html.trusted("<style>").trusted(page_file("report.css")).trusted("</style>\n").close();
}

void add_headline(Page& page, const ReportFacts& facts) {
  page.html.open("header")
      .open("h1")
      .text(facts.title + " ")
      .element("span", page.say(facts.state), {{"class", "state " + facts.state}});
  page.html.close().open("p").text(facts.folder.filename().string());
  const auto& record = facts.is_pipeline() ? facts.pipeline : facts.runs.front().record;
  if (const std::string started = text_of(record, "started"); !started.empty()) page.html.text(" · " + started);
  const auto of_pipeline = record.find("seconds");
  const auto seconds = of_pipeline != record.end() && of_pipeline->is_number()
                           ? std::optional(of_pipeline->get<double>())
                           : runtime::seconds_between(text_of(record, "started"), text_of(record, "ended"));
  if (seconds) page.html.text(" · " + runtime::duration_text(*seconds));
  page.html.close();
  add_progress(page, facts);
  for (const RunFacts& run : facts.runs) {
    const std::string summary = text_of(run.record, "summary");
    const bool counts = has_training(run) || !run.output("evaluation").empty() || !facts.is_pipeline();
    if (counts && !summary.empty()) page.html.element("p", run.name + ": " + page.say.sentence(summary), {{"class", "summary"}});
    if (!run.trouble.empty()) page.html.open("pre", {{"class", "trouble"}}).text(run.trouble).close();
  }
  page.html.close();
}

void add_evaluations(Page& page, const ReportFacts& facts) {
  for (const RunFacts& run : facts.runs) {
    const fs::path folder = run.output("evaluation");
    std::error_code ignored;
    if (folder.empty() || !fs::exists(folder / "mistakes.csv", ignored)) continue;
    try {
      MistakePictures pictures(scored_images(facts, run));
      add_evaluation(page, read_evaluation(folder), run.name, folder, pictures);
    } catch (const std::runtime_error& fault) {
      add_note(page, page.say("The evaluation of {0} is not shown: {1}.", {run.name, fault.what()}));
    }
  }
}

/// Data and scripts come last: they are of no use to who reads the page's text.
void add_scripts(Page& page, const std::string& key, const std::string& more) {
  const auto script = [&](std::string_view text) { page.html.open("script", {{"nonce", key}}).trusted(text).close(); };
  nlohmann::json words = nlohmann::json::object();
  for (const char* const english : kScriptWords) words[english] = page.say(english);
  const nlohmann::json data = {{"charts", page.charts}, {"matrices", page.matrices}, {"words", words}};
  page.html.open("script", {{"type", "application/json"}, {"id", "data"}}).trusted(json_for_script(data)).close();
  if (!page.charts.empty()) script(page_file("chart.min.js"));
  script(page_file("report.js"));
  if (!more.empty()) script(more);
}

}  // namespace

std::string report_page(const fs::path& folder, const fs::path& target, const ReportOptions& options) {
  const ReportFacts facts = read_report_facts(folder);
  const std::string key = runtime::random_suffix() + runtime::random_suffix();
  std::error_code ignored;
  Page page{fs::weakly_canonical(fs::absolute(target).parent_path(), ignored), page_language(options.language)};
  add_head(page, facts, key, !options.script.empty());
  page.html.open("body");
  add_headline(page, facts);
  page.html.open("main");
  if (facts.is_pipeline()) add_pipeline(page, facts, target);
  for (const RunFacts& run : facts.runs)
    if (has_training(run)) add_training(page, run);
  add_evaluations(page, facts);
  add_logs(page, facts);
  add_parameters(page, facts);
  add_provenance(page, facts);
  page.html.close();
  add_scripts(page, key, options.script);
  return page.html.take();
}

void write_report(const fs::path& folder, const fs::path& target, const ReportOptions& options) {
  runtime::write_file_atomically(target, report_page(folder, target, options));
}

std::string leave_report(const fs::path& folder) noexcept {
  try {
    write_report(folder, folder / kReportFile, {});
    return "";
  } catch (const std::exception& fault) {
    return std::string("There is no ") + kReportFile + ": " + fault.what();
  }
}

}  // namespace torchport::component
