#include "component/runs/run_difference.h"

#include <algorithm>

#include "component/runs/run_summary.h"
#include "runtime/pipeline/history.h"
#include "runtime/text/format.h"

namespace torchport::component {
namespace {

using runtime::map_of;
using runtime::text_of;

constexpr const char* kNothing = "-";
constexpr std::size_t kHashShown = 12;

/// By name, in the order in which they came.
using Facts = std::vector<std::pair<std::string, std::string>>;

std::string text(const nlohmann::json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// The one hash of an input, over those of its files.
std::string hash_of(const nlohmann::json& input) {
  const nlohmann::json& files = map_of(input, "sha256");
  std::string all;
  for (const auto& [file, hash] : files.items()) all += (all.empty() ? "" : ", ") + file + " " + text(hash).substr(0, kHashShown);
  return all;
}

void add_run(Facts& facts, const std::string& prefix, const RunFacts& run) {
  const auto add = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) facts.emplace_back(prefix + name, value);
  };
  add("component", run.component());
  add("state", run.state);
  for (const auto& [name, given] : map_of(run.record, "parameters").items())
    add(name, text(given.value("value", nlohmann::json())));
  for (const auto& [name, given] : map_of(run.record, "run_settings").items())
    if (name != "run_dir") add(name, text(given.value("value", nlohmann::json())));
  if (run.record.contains("world_size")) add("processes", run.record["world_size"].dump());
  for (const auto& [name, input] : map_of(run.record, "inputs").items()) {
    add("input " + name, text_of(input, "path"));
    add("content of " + name, hash_of(input));
  }
  for (const auto& [library, version] : map_of(run.record, "versions").items()) add("version of " + library, text(version));
  const auto [top1, loss] = figures_of(run);
  if (top1) add("top-1", figure_text(top1));
  if (loss) add("loss", figure_text(loss));
}

Facts facts_of(const ReportFacts& run) {
  Facts facts = {{"what", run.is_pipeline() ? "pipeline " + run.title : run.runs.front().component()}};
  for (const RunFacts& one : run.runs) add_run(facts, run.is_pipeline() ? one.name + "." : "", one);
  return facts;
}

const std::string* find(const Facts& facts, const std::string& name) {
  const auto found = std::find_if(facts.begin(), facts.end(), [&](const auto& one) { return one.first == name; });
  return found == facts.end() ? nullptr : &found->second;
}

/// A step's inputs in its own pipeline's run lie in another folder each time: the place in the run counts.
std::string without_folder(std::string value, const std::filesystem::path& folder) {
  const std::string place = folder.string() + "/";
  for (std::size_t at = value.find(place); at != value.npos; at = value.find(place)) value.replace(at, place.size(), "");
  return value;
}

}  // namespace

std::vector<Difference> differences(const ReportFacts& a, const ReportFacts& b) {
  const Facts left = facts_of(a), right = facts_of(b);
  std::vector<Difference> found;
  const auto compare = [&](const std::string& name) {
    const std::string* const one = find(left, name);
    const std::string* const other = find(right, name);
    const std::string x = one ? without_folder(*one, a.folder) : kNothing, y = other ? without_folder(*other, b.folder) : kNothing;
    if (x != y) found.push_back({name, x, y});
  };
  for (const auto& [name, value] : left) compare(name);
  for (const auto& [name, value] : right)
    if (!find(left, name)) compare(name);
  return found;
}

}  // namespace torchport::component
