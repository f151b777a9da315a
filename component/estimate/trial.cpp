#include "component/estimate/trial.h"

#include <chrono>
#include <cstdio>
#include <ctime>

#include "runtime/files/files.h"
#include "runtime/launch/process.h"
#include "runtime/pipeline/run.h"

namespace torchport::component {
namespace fs = std::filesystem;
using runtime::Error;
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kOutOfTime = 124;          ///< exit status of coreutils' timeout
constexpr std::size_t kWarmUpSteps = 2;  ///< left out of the mean where there are at least as many others

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The last words of an error's first line, which say what is wrong.
std::string reason_in(const std::string& words) {
  const std::size_t begin = words.find("error[");
  if (begin == words.npos)
    return words.empty() ? "it said nothing" : words.substr(words.size() - std::min<std::size_t>(words.size(), 300));
  return words.substr(begin, words.find('\n', begin) - begin);
}

void set_value(runtime::Step& step, const std::string& name, const std::string& text) {
  for (auto* const values : {&step.parameters, &step.run_settings})
    for (runtime::StepValue& value : *values) {
      if (value.spec->name != name) continue;
      value.text = text;
      value.origin = "estimate";
      return;
    }
  if (const runtime::ParameterSpec* const spec = step.component->parameter(name))
    step.parameters.push_back({spec, {}, text, "estimate"});  // an optional one
}

/// Seconds of a log line's time, "2026-11-24 05:16:50,760", on a clock that only differences are taken of.
std::optional<double> time_of(const std::string& line) {
  std::tm time{};
  int milliseconds = 0;
  if (std::sscanf(line.c_str(), "%d-%d-%d %d:%d:%d,%d", &time.tm_year, &time.tm_mon, &time.tm_mday, &time.tm_hour, &time.tm_min,
                  &time.tm_sec, &milliseconds) != 7)
    return std::nullopt;
  time.tm_year -= 1900;
  --time.tm_mon;
  return static_cast<double>(timegm(&time)) + milliseconds / 1e3;
}

}  // namespace

ScratchFolder::ScratchFolder() : path_(fs::temp_directory_path() / ("torchport-estimate-" + runtime::random_suffix())) {
  std::error_code fault;
  if (!fs::create_directory(path_, fault))
    throw Error("FailedToWriteOutputs.file", {{"path", path_.string()}, {"reason", fault.message()}});
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Trial try_step(const TrialSettings& settings, runtime::Step step, const std::map<std::string, std::string>& values,
               const std::function<fs::path(const runtime::StepInput&)>& input_of, int limit_seconds) {
  for (const auto& [name, text] : values) set_value(step, name, text);
  Trial trial;
  trial.run_dir = settings.folder / step.name;
  trial.outputs = trial.run_dir / "outputs";
  fs::create_directories(trial.outputs);
  std::vector<std::string> command = {"timeout", "--kill-after=5", std::to_string(limit_seconds), settings.cli.program.string()};
  command.insert(command.end(), settings.worker_arguments.begin(), settings.worker_arguments.end());
  const auto arguments = runtime::step_arguments(step, input_of, trial.outputs, trial.run_dir);
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::string words;
  const auto start = Clock::now();
  const auto end = runtime::run_child(
      command, [&](std::string_view text) { words += text; }, std::chrono::seconds(10), runtime::ChildOutput::dropped);
  trial.seconds = seconds_since(start);
  trial.peak_bytes = end.peak_bytes;
  if (!end.start_error.empty())
    throw Error("FailedToCompleteOperation.no_worker", {{"path", command[0]}, {"reason", end.start_error}});
  trial.whole = end.exit_status != kOutOfTime && !end.signal;
  if (end.told_to_stop || end.signal || (end.exit_status != 0 && trial.whole))
    throw Error("FailedToCompleteOperation.trial", {{"step", step.name},
                                                    {"status", std::to_string(end.signal ? 128 + end.signal : end.exit_status)},
                                                    {"reason", reason_in(words)}});
  return trial;
}

std::optional<TrainingTrial> training_trial(const Trial& trial) {
  std::istringstream lines(runtime::read_file(trial.run_dir / "logs" / "70_driver_log_0"));
  std::vector<double> steps;
  std::optional<double> validated, last;
  for (std::string line; std::getline(lines, line);) {
    const auto time = time_of(line);
    if (!time) continue;
    last = time;
    if (line.find("Iter: [") != line.npos) steps.push_back(*time);
    if (line.find("top1 acc") != line.npos) validated = time;
  }
  if (steps.size() < 2) return std::nullopt;
  const std::size_t first = steps.size() > 2 * kWarmUpSteps ? kWarmUpSteps : 0;
  TrainingTrial found;
  found.steps = steps.size() - 1 - first;
  found.step_seconds = (steps.back() - steps[first]) / static_cast<double>(found.steps);
  found.validation_seconds = validated ? *validated - steps.back() : 0;
  const double in_epoch = (validated ? *validated : *last) - steps.front();
  found.around_seconds = std::max(0.0, trial.seconds - in_epoch - found.step_seconds);
  return found;
}

double start_seconds(const runtime::CommandLine& cli) {
  const auto start = Clock::now();
  const auto end = runtime::run_child(
      {cli.program.string(), "--version"}, [](std::string_view) {}, std::chrono::seconds(10), runtime::ChildOutput::dropped);
  if (!end.start_error.empty())
    throw Error("FailedToCompleteOperation.no_worker", {{"path", cli.program.string()}, {"reason", end.start_error}});
  return seconds_since(start);
}

double bytes_below(const fs::path& folder) {
  double bytes = 0;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored))
    if (entry.is_regular_file(ignored)) bytes += static_cast<double>(entry.file_size(ignored));
  return bytes;
}

}  // namespace torchport::component
