// torchport logs: what the processes of a run logged, in one.
#include <chrono>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <thread>

#include "runtime/cli/call.h"
#include "runtime/error/error.h"
#include "runtime/pipeline/run_folders.h"
#include "runtime/report/merged_logs.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace {

using namespace runtime;

using Clock = std::chrono::steady_clock;

constexpr auto kPoll = std::chrono::milliseconds(300);
constexpr auto kLastWords = std::chrono::seconds(15);  ///< within which a launcher says how a run ended whose process has died

/// Says so where the process of a run has been dead for so long that no last word will come.
class Death {
 public:
  bool told(const MergedLogs& logs, std::ostream& out) {
    const auto who = logs.died();
    if (!who) since_ = kNever;
    if (who && since_ == kNever) since_ = Clock::now();
    if (!who || Clock::now() - since_ < kLastWords) return false;
    out << "torchport: " << *who << ", which wrote this run, has died without a last word: nothing more will come.\n";
    return true;
  }

 private:
  static constexpr auto kNever = Clock::time_point::min();
  Clock::time_point since_ = kNever;
};

struct How {
  std::optional<int> rank;
  bool follow, json;
};

/// What has come, as text, or as an object a line.
std::string come(MergedLogs& logs, const RunFolder& run, bool json, bool all) {
  if (!json) return logs.more(all);
  std::string text;
  for (const MergedLine& line : logs.more_lines(all))
    text += nlohmann::ordered_json{{"step", run.step}, {"process", line.process}, {"text", line.text}}.dump() + "\n";
  return text;
}

/// Shows one run. Returns whether it has a log of that rank.
bool show(const Host& host, const RunFolder& run, const How& how) {
  MergedLogs logs(run.path, how.rank);
  if (!run.step.empty() && !how.json) host.out << "== " << visible(run.step) << "\n";
  Death death;
  while (how.follow && !logs.ended() && host.out && !death.told(logs, host.err)) {
    host.out << come(logs, run, how.json, false) << std::flush;
    std::this_thread::sleep_for(kPoll);
  }
  host.out << come(logs, run, how.json, true) << std::flush;
  return logs.any();
}

}  // namespace

int logs(Call& call) {
  const Arguments given = call.arguments();
  if (given.operands.size() != 1)
    throw Error("ParameterParsing.no_operand", {{"command", call.spec.name}, {"operand", operands_text(call.spec)}});
  std::optional<int> rank;
  if (given.has("rank")) rank = static_cast<int>(given.get<std::int64_t>("rank"));
  const bool follow = given.get<bool>("follow");
  const How how{rank, follow, given.get<bool>("json")};
  bool any = false;
  const std::string& name = given.operands.front();
  const std::filesystem::path runs = given.get<std::string>("runs");
  std::set<std::filesystem::path> shown;
  for (bool goes_on = true; goes_on;) {
    goes_on = follow && pipeline_runs(name, runs);  // asked first: the steps that are there then are shown below
    for (const RunFolder& run : run_folders(name, runs))
      if (shown.insert(run.path).second) any = show(call.host, run, how) || any;
    if (goes_on) std::this_thread::sleep_for(kPoll);
  }
  if (!any && rank) throw Error("ParameterParsing.no_log", {{"path", name}, {"rank", std::to_string(*rank)}});
  return 0;
}

}  // namespace torchport::component
