#include "component/report/progress.h"

#include "runtime/pipeline/history.h"
#include "runtime/pipeline/run.h"
#include "runtime/report/progress_file.h"
#include "runtime/report/progress_line.h"
#include "runtime/report/run_record.h"
#include "runtime/text/utc.h"

namespace torchport::component {
namespace {

using runtime::text_of;

double number_in(const nlohmann::json& record, const char* key) {
  const auto found = record.find(key);
  return found != record.end() && found->is_number() ? found->get<double>() : 0;
}

std::string whole_in(const nlohmann::json& record, const char* key) {
  return std::to_string(static_cast<std::int64_t>(number_in(record, key)));
}

std::string said_of(const nlohmann::json& training, const runtime::Language& say) {
  return say("epoch {0} of {1}, iteration {2} of {3}, {4} images per second, loss {5}; about {6} left for training",
             {whole_in(training, "epoch"), whole_in(training, "epochs"), whole_in(training, "step"), whole_in(training, "steps"),
              number_text(number_in(training, "images_per_second")), number_text(number_in(training, "loss")),
              runtime::clock_text(number_in(training, "eta_seconds"))});
}

/// Of all updates of a training; null where it has none yet.
nlohmann::json share_of(const nlohmann::json& training) {
  const double steps = number_in(training, "steps"), all = steps * number_in(training, "epochs");
  return all > 0 ? nlohmann::json(((number_in(training, "epoch") - 1) * steps + number_in(training, "step")) / all)
                 : nlohmann::json();
}

}  // namespace

std::optional<double> running_seconds(const ReportFacts& facts, const RunFacts& run) {
  if (facts.state != "running" || run.state != "running" || runtime::has_died(run.record)) return std::nullopt;
  const std::string of_step = text_of(run.step, "started");
  return runtime::seconds_between(of_step.empty() ? text_of(run.record, "started") : of_step, runtime::utc_text());
}

nlohmann::json progress_list(const ReportFacts& facts, const runtime::Language& say) {
  nlohmann::json list = nlohmann::json::array();
  for (const RunFacts& run : facts.runs) {
    const auto seconds = running_seconds(facts, run);
    if (!seconds) continue;
    const nlohmann::json training = run.folder.empty() ? nlohmann::json::object() : runtime::read_progress(run.folder);
    const auto share = share_of(training);
    list.push_back({{"name", run.name},
                    {"time", runtime::duration_text(*seconds)},
                    {"said", share.is_null() ? "" : said_of(training, say)},
                    {"share", share}});
  }
  return list;
}

void add_progress(Page& page, const ReportFacts& facts) {
  for (const auto& one : progress_list(facts, page.say)) {
    const auto name = one["name"].get<std::string>();
    page.html.open("p", {{"class", "progress"}, {"data-progress", name}}).text(page.say("{0}, running for", {name}) + " ");
    page.html.element("span", one["time"].get<std::string>(), {{"data-time", name}}).text(" ");
    if (one["share"].is_null()) {
      page.html.element("progress", "", {{"aria-label", name}, {"hidden", ""}});
    } else {
      page.html.element("progress", "", {{"aria-label", name}, {"value", one["share"].dump()}});
    }
    page.html.text(" ").element("span", one["said"].get<std::string>(), {{"class", "said"}}).close();
  }
}

}  // namespace torchport::component
