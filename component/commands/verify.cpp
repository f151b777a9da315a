// torchport verify: whether the checkpoints of a run are whole, and whether training from one to the next gives the same again.
#include <ostream>

#include "runtime/cli/call.h"
#include "runtime/error/exit_status.h"
#include "runtime/files/files.h"
#include "runtime/launch/process.h"
#include "runtime/report/checkpoints.h"
#include "runtime/text/json.h"
#include "runtime/text/json_text.h"
#include "runtime/text/text.h"

namespace torchport::component {
namespace fs = std::filesystem;
using namespace runtime;
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;  ///< of a record, or of the numbers of a state
constexpr auto kPatience = std::chrono::seconds(75);
constexpr std::size_t kShown = 12;  ///< digits of a hash

nlohmann::json json_of(const fs::path& file) {
  try {
    return parse_json(read_file(file, kMostBytes));
  } catch (const std::exception& fault) {
    throw Error("CouldNotOpenFile.file", {{"path", file.string()}, {"reason", fault.what()}});
  }
}

std::string fingerprint_of(const fs::path& checkpoint) { return json_of(checkpoint / "state.json").value("fingerprint", ""); }

std::string text_of_value(const nlohmann::json& value) {
  if (value.is_boolean()) return value.get<bool>() ? "True" : "False";
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// The flags of the run whose record this is, with `changes` by flag.
std::vector<std::string> flags_of(const nlohmann::json& record, std::map<std::string, std::string> changes) {
  const ComponentSpec& component = Specs::get().component(record.at("component").get<std::string>());
  for (const PortSpec& port : component.inputs)
    if (record.at("inputs").contains(port.name))
      changes.emplace(port.flag, record["inputs"][port.name].at("path").get<std::string>());
  const auto add = [&](const ParameterSpec& spec, const char* group) {
    const auto found = record.at(group).find(spec.name);
    if (found != record.at(group).end() && found->at("origin") != "default")
      changes.emplace(spec.flag, text_of_value(found->at("value")));
  };
  for (const ParameterSpec& spec : component.parameters) add(spec, "parameters");
  for (const ParameterSpec* const spec : Specs::get().run_settings_of(component)) add(*spec, "run_settings");
  std::vector<std::string> flags = {"run", component.name};
  for (const auto& [flag, value] : changes) flags.push_back("--" + flag + "=" + value);
  return flags;
}

/// Trains from `from`, or from the beginning where that is empty, to where `to` stands, and compares.
void replay(const Host& host, const fs::path& run, const fs::path& from, const fs::path& to, bool silent) {
  const nlohmann::json record = json_of(run / "run.json");
  const fs::path place = run / (".replay-" + random_suffix());
  const std::unique_ptr<const fs::path, void (*)(const fs::path*)> clearing(&place, [](const fs::path* folder) {
    std::error_code ignored;
    fs::remove_all(*folder, ignored);
  });
  std::map<std::string, std::string> changes = {{"trained-model-path", (place / "out").string()},
                                                {"run-dir", (place / "run").string()},
                                                {"resume", from.empty() ? std::string(kResumeNever) : from.string()},
                                                {"checkpoints", "True"},
                                                {"checkpoint-minutes", "0"},
                                                {"sinks", "jsonl"},
                                                {"stop-at", to.filename().string()}};
  if (const auto ranks = record.value("world_size", 1); ranks > 1) changes["process-count-per-node"] = std::to_string(ranks);
  std::vector<std::string> command{host.program.string()};
  command.insert(command.end(), host.program_arguments.begin(), host.program_arguments.end());
  for (std::string& flag : flags_of(record, std::move(changes))) command.push_back(std::move(flag));
  std::string words;
  const ChildEnd end = run_child(
      command, [&](std::string_view text) { words += text; }, kPatience, ChildOutput::dropped);
  const fs::path again = place / "run" / kCheckpoints / to.filename();
  std::error_code ignored;
  if (end.exit_status != kCanGoOn || !fs::is_directory(again, ignored)) {
    host.err << words;
    throw Error("FailedToCompleteOperation.replay", {{"status", std::to_string(end.signal ? 128 + end.signal : end.exit_status)}});
  }
  const std::string wanted = fingerprint_of(to), found = fingerprint_of(again);
  const std::string begin = from.empty() ? "the beginning" : from.filename().string();
  if (wanted != found)
    throw Error("LibraryException.replay",
                {{"begin", begin}, {"end", to.filename().string()}, {"wanted", wanted}, {"found", found}});
  if (!silent)
    host.out << "from " << begin << " to " << to.filename().string() << " again: the same, " << found.substr(0, kShown)
             << std::endl;
}

}  // namespace

int verify(Call& call) {
  const Arguments given = call.arguments();
  const fs::path run = fs::absolute(given.operands[0]).lexically_normal();
  const auto all = checkpoints_of(run);
  if (all.empty()) throw Error("CouldNotOpenFile.no_checkpoint", {{"path", given.operands[0]}});
  const bool json = given.get<bool>("json");
  nlohmann::ordered_json document = nlohmann::ordered_json::array();
  Problems problems;
  for (const fs::path& checkpoint : all) {
    const std::string wrong = wrong_with(checkpoint);
    document.push_back({{"checkpoint", checkpoint.filename().string()}, {"whole", wrong.empty()}});
    document.back()[wrong.empty() ? "state" : "fault"] = wrong.empty() ? fingerprint_of(checkpoint) : wrong;
    if (!json)
      call.host.out << checkpoint.filename().string() << "  "
                    << (wrong.empty() ? "whole, " + fingerprint_of(checkpoint).substr(0, kShown) : visible(wrong)) << std::endl;
    if (!wrong.empty()) problems.add(Error("CouldNotOpenFile.checkpoint", {{"path", checkpoint.string()}, {"reason", wrong}}));
  }
  if (json) call.host.out << json_text(document) << std::flush;
  problems.throw_if_any();
  if (given.get<bool>("replay")) replay(call.host, run, all.size() > 1 ? all[1] : fs::path(), all[0], json);
  return 0;
}

}  // namespace torchport::component
