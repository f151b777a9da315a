#include "component/estimate/trial.h"

#include <chrono>

#include "runtime/clock.h"
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/launch/process.h"
#include "runtime/launch/processing_units.h"
#include "runtime/pipeline/run.h"

namespace torchport::component {
namespace fs = std::filesystem;
using runtime::Error;
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kOutOfTime = 124;  ///< exit status of coreutils' timeout

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

/// Whatever its compute: one node, and no more processes than this machine has processing units.
void try_here(runtime::Step& step) {
  std::erase_if(step.run_settings, [](const runtime::StepValue& value) {
    return value.spec->name == "compute" || value.spec->name == "computes" || value.spec->name == "node_count";
  });
  for (runtime::StepValue& value : step.run_settings) {
    const std::int64_t units = runtime::processing_units();
    if (value.spec->name != "process_count_per_node" || std::get<std::int64_t>(value.value) <= units) continue;
    value = {value.spec, units, std::to_string(units), "estimate"};
  }
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

Trial try_step(const runtime::Host& host, const fs::path& folder, runtime::Step step,
               const std::map<std::string, std::string>& values, const std::function<fs::path(const runtime::StepInput&)>& input_of,
               std::int64_t limit) {
  for (const auto& [name, text] : values) set_value(step, name, text);
  try_here(step);
  Trial trial;
  trial.run_dir = folder / step.name;
  trial.outputs = trial.run_dir / "outputs";
  fs::create_directories(trial.outputs);
  std::vector<std::string> command = {"timeout", "--kill-after=5", std::to_string(limit), host.program.string()};
  command.insert(command.end(), host.program_arguments.begin(), host.program_arguments.end());
  const auto arguments = runtime::step_arguments(step, input_of, trial.outputs, trial.run_dir);
  command.insert(command.end(), arguments.begin(), arguments.end());
  std::string words;
  const auto start = Clock::now();
  const auto end = runtime::run_child(
      command, [&](std::string_view text) { words += text; }, std::chrono::seconds(10), runtime::ChildOutput::dropped);
  trial.seconds = runtime::seconds_since(start);
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

double start_seconds(const runtime::Host& host) {
  const auto start = Clock::now();
  const auto end = runtime::run_child(
      {host.program.string(), "--version"}, [](std::string_view) {}, std::chrono::seconds(10), runtime::ChildOutput::dropped);
  if (!end.start_error.empty())
    throw Error("FailedToCompleteOperation.no_worker", {{"path", host.program.string()}, {"reason", end.start_error}});
  return runtime::seconds_since(start);
}

double bytes_below(const fs::path& folder) {
  double bytes = 0;
  std::error_code ignored;
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored))
    if (entry.is_regular_file(ignored)) bytes += static_cast<double>(entry.file_size(ignored));
  return bytes;
}

}  // namespace torchport::component
