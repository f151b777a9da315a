#include "runtime/report/run_account.h"

#include <map>
#include <set>

#include "runtime/files/files.h"
#include "runtime/report/verdict.h"
#include "runtime/text/json.h"
#include "runtime/text/text.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLogLimit = std::size_t{1} << 30, kRecordLimit = std::size_t{16} << 20;

/// A text of run.json, or "".
std::string text_of(const nlohmann::json& record, const char* key) {
  const auto found = record.is_object() ? record.find(key) : record.end();
  return found == record.end() || !found->is_string() ? "" : found->get<std::string>();
}

std::vector<std::string> lines_of(const fs::path& log) {
  try {
    return split(read_file(log, kLogLimit), '\n');
  } catch (const std::runtime_error&) {  // there is none
    return {};
  }
}

/// The last line of its kind in a log.
std::optional<LastLine> last_line(const std::vector<std::string>& lines, std::string_view word) {
  for (auto line = lines.rbegin(); line != lines.rend(); ++line)
    if (auto read = read_last_line(*line, word)) return read;
  return std::nullopt;
}

std::string host_in(const std::vector<std::string>& log) {
  constexpr std::string_view before = ", host ";
  const std::string first = log.empty() ? "" : log.front();
  const std::size_t at = first.find(before);
  if (at == first.npos) return "";
  const std::size_t begin = at + before.size();
  return first.substr(begin, first.find(',', begin) - begin);
}

struct Rank {
  fs::path log;
  std::string host;  ///< as its first line says
  std::optional<LastLine> fatal;
};

/// All that the folder tells.
struct Facts {
  nlohmann::json record = nlohmann::json::object();
  std::map<int, Rank> ranks;
  std::optional<LastLine> result, fatal;  ///< of 70_mpi_log
  fs::path engine_log;                    ///< "": there is none
};

Facts facts_of(const fs::path& run_dir) {
  Facts facts;
  try {
    facts.record = parse_json(read_file(run_dir / "run.json", kRecordLimit));
  } catch (const std::runtime_error&) {  // rank 0 did not come so far
  }
  std::error_code ignored;
  for (fs::directory_iterator entry(run_dir / "logs", ignored), end; entry != end; entry.increment(ignored))
    if (const auto rank = rank_in(entry->path().filename().string(), "70_driver_log_", "")) {
      const auto log = lines_of(entry->path());
      facts.ranks[*rank] = {entry->path(), host_in(log), last_line(log, "FATAL")};
    }
  const auto lines = lines_of(run_dir / "logs/70_mpi_log");
  if (!lines.empty()) facts.engine_log = run_dir / "logs/70_mpi_log";
  facts.result = last_line(lines, "RESULT");
  facts.fatal = last_line(lines, "FATAL");
  return facts;
}

/// The first failure: as the launcher saw it, else as the rank to blame, or the first that has one, left it.
std::optional<LastLine> first_failure(const Facts& facts) {
  if (facts.fatal) return facts.fatal;
  std::optional<LastLine> first;
  for (const auto& [rank, one] : facts.ranks) {
    if (!one.fatal) continue;
    if (one.fatal->text("rank") == std::to_string(rank)) return one.fatal;
    if (!first) first = one.fatal;
  }
  return first;
}

std::string list(const std::set<int>& ranks) {
  std::vector<std::string> names;
  for (const int rank : ranks) names.push_back(std::to_string(rank));
  return (names.size() == 1 ? "process " : "processes ") + join(names, ", ");
}

/// What the ranks that are not to blame left.
std::string others(const Facts& facts, const LastLine& first) {
  std::set<int> same, silent;
  std::string text;
  for (const auto& [rank, one] : facts.ranks) {
    if (first.text("rank") == std::to_string(rank)) continue;
    if (!one.fatal) {
      silent.insert(rank);
    } else if (one.fatal->text("cause") == first.text("cause")) {
      same.insert(rank);
    } else {
      text += "  others    process " + std::to_string(rank) + ": " + one.fatal->text("cause") + "\n";
    }
  }
  if (!same.empty()) text += "  others    " + list(same) + " ended for the same reason\n";
  if (!silent.empty()) text += "  others    " + list(silent) + " left no error: ended from outside\n";
  return text;
}

std::string logs_to_read(const Facts& facts, const LastLine& first) {
  std::string text;
  for (const auto& [rank, one] : facts.ranks)
    if (first.text("rank") == std::to_string(rank)) text += "  read      " + one.log.string() + "\n";
  if (text.empty() && facts.engine_log.empty() && !facts.ranks.empty())
    text += "  read      " + facts.ranks.begin()->second.log.string() + "\n";
  if (!facts.engine_log.empty()) text += "  read      " + facts.engine_log.string() + "\n";
  return text;
}

std::string headline(const fs::path& run_dir, const Facts& facts) {
  const std::string component = text_of(facts.record, "component"), state = text_of(facts.record, "state");
  std::string exit = facts.result ? facts.result->text("exit") : "";
  if (exit.empty() && facts.record.contains("exit_status")) exit = facts.record["exit_status"].dump();
  std::string text = visible(run_dir.string());
  if (!component.empty()) text += ": " + visible(component);
  if (facts.record.contains("world_size"))
    text += " in " + facts.record["world_size"].dump() + (facts.record["world_size"] == 1 ? " process" : " processes");
  if (!state.empty()) text += ", " + visible(state);
  return text + (exit.empty() ? "" : ", exit status " + visible(exit)) + "\n";
}

}  // namespace

bool is_run_folder(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_directory(folder / "logs", ignored);
}

std::string run_account(const fs::path& run_dir) {
  const Facts facts = facts_of(run_dir);
  std::string text = headline(run_dir, facts);
  const auto first = first_failure(facts);
  if (!first) {
    const bool ended = facts.result || text_of(facts.record, "state") == "finished";
    return text + (ended ? "  Nothing failed.\n" : "  No process has left an error: it still runs, or was ended without a word.\n");
  }
  const std::string rank = first->text("rank"), step = first->text("step");
  std::string where;
  for (const auto& [number, one] : facts.ranks)
    if (rank == std::to_string(number) && !one.host.empty()) where = " on " + visible(one.host);
  if (!step.empty()) where += ", epoch.step " + visible(step);
  text += "  first     " + (rank.empty() ? "" : "process " + rank + where + ": ") + visible(first->text("cause")) + "\n";
  if (!first->text("path").empty()) text += "  path      " + visible(first->text("path")) + "\n";
  text += others(facts, *first);
  if (!first->text("hint").empty()) text += "  to do     " + visible(first->text("hint")) + "\n";
  text += logs_to_read(facts, *first);
  const std::string code = first->text("code");
  return text + "  more      torchport explain " + visible(code.substr(0, code.find('/'))) + "\n";
}

}  // namespace torchport::runtime
