#include "runtime/pipeline/run.h"

#include <csignal>
#include <ostream>

#include "runtime/clock.h"
#include "runtime/error/error.h"
#include "runtime/error/exit_status.h"
#include "runtime/files/files.h"
#include "runtime/files/leftovers.h"
#include "runtime/launch/process.h"
#include "runtime/launch/run_dir.h"
#include "runtime/pipeline/brief.h"
#include "runtime/pipeline/content.h"
#include "runtime/report/checkpoints.h"
#include "runtime/request/parse_value.h"
#include "runtime/text/format.h"
#include "runtime/text/json.h"
#include "runtime/text/json_text.h"
#include "runtime/text/secrets.h"
#include "runtime/text/text.h"
#include "runtime/text/utc.h"
#include "runtime/version.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(75);  ///< more than a step has with its own processes

constexpr const char* kPipelineFile = "pipeline.yaml";  ///< in the run's folder
constexpr const char* kResume = "resume";               ///< the parameter of a component that can

volatile std::sig_atomic_t told_to_stop = 0;  ///< the signal that came between two steps; run_child hands on what comes in one

/// Notes a signal instead of dying of it, so that the record says how the run ended.
class NotedSignals {
 public:
  NotedSignals() {
    told_to_stop = 0;
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1})
      if (!is_ignored(signal)) std::signal(signal, [](int number) { told_to_stop = number; });
  }
  ~NotedSignals() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1})
      if (!is_ignored(signal)) std::signal(signal, SIG_DFL);
  }
  NotedSignals(const NotedSignals&) = delete;
  NotedSignals& operator=(const NotedSignals&) = delete;
};

json values_json(const std::vector<StepValue>& values) {
  json all = json::object();
  for (const StepValue& value : values) all[value.spec->name] = {{"value", json_of(value.value)}, {"origin", value.origin}};
  return all;
}

/// run.json of a step, or nothing where it cannot be read: only what is shown comes from it.
json step_record(const fs::path& folder) {
  try {
    return parse_json(read_file(folder / "run.json", kSmallText));
  } catch (const std::exception&) {
    return json::object();
  }
}

/// The file that was read; of a pipeline that comes with torchport, the run's own copy.
fs::path file_of(const Pipeline& pipeline, const fs::path& copy) {
  std::error_code ignored;
  return fs::absolute(fs::exists(pipeline.file, ignored) ? fs::path(pipeline.file) : copy).lexically_normal();
}

/// The record as it may be read: no text in it has a secret.
json shown(const json& record) {
  if (record.is_string()) return without_secrets(record.get_ref<const std::string&>());
  json all = record;
  if (record.is_structured())
    for (auto& one : all) one = shown(one);
  return all;
}

class Runner {
 public:
  Runner(const Host& host, const CheckedPlan& checked, const std::vector<std::string>& command, Shown shown)
      : host_(host),
        shown_(shown),
        pipeline_(checked.pipeline),
        plan_(checked.plan),
        runs_(checked.runs),
        folder_(next_free_run_dir(runs_, pipeline_.name)),
        lock_(folder_) {
    link_latest(folder_);
    clear_lost_runs();
    write_file_atomically(folder_ / kPipelineFile, without_secrets(pipeline_.text));
    record_ = {{"pipeline", pipeline_.name}, {"file", file_of(pipeline_, folder_ / kPipelineFile).string()},
               {"command", command},         {"directory", fs::current_path().string()},
               {"torchport", version()},     {"commit", commit()},
               {"state", "running"},         {"started", utc_text()},
               {"given", pipeline_.given},   {"contents", plan_.contents},
               {"steps", json::object()}};
    for (std::size_t i = 0; i < plan_.steps.size(); ++i) {
      const PlannedStep& planned = plan_.steps[i];
      record_["steps"][planned.step->name] = {{"position", i + 1},
                                              {"component", planned.step->component->name},
                                              {"state", "waiting"},
                                              {"key", planned.key},
                                              {"ingredients", planned.ingredients},
                                              {"parameters", values_json(planned.step->parameters)},
                                              {"run", values_json(planned.step->run_settings)}};
    }
  }

  PipelineEnd run() {
    const NotedSignals signals;
    const auto start = Clock::now();
    int status = 0;
    for (std::size_t i = 0; i < plan_.steps.size() && status == 0; ++i) {
      const PlannedStep& planned = plan_.steps[i];
      place_ = "[" + std::to_string(i + 1) + "/" + std::to_string(plan_.steps.size()) + "] " + planned.step->name;
      status = planned.reused ? reuse(planned) : execute(planned);
      if (told_to_stop && status != kCanGoOn) status = 128 + told_to_stop;
    }
    const bool stopped = told_to_stop != 0 || status == kCanGoOn;
    record_["state"] = status == 0 ? "finished" : stopped ? "stopped" : "failed";
    record_["seconds"] = seconds_since(start);
    record_["exit_status"] = status;
    save();
    say(pipeline_.name + " " + text_of(record_, "state") + " after " + duration_text(seconds_since(start)) + ": " +
        folder_.string());
    if (!host_.out) {  // all that was to be shown stands in the record
      host_.out.clear();
      host_.err << "standard output is incomplete; " << (folder_ / "pipeline.json").string() << " is not\n";
    }
    return {status, folder_, outputs_};
  }

 private:
  /// What runs that were killed left half-made: files of gigabytes that nobody looks for in their folders.
  void clear_lost_runs() const {
    const History history(runs_);
    for (const PastRun& run : history.runs()) {
      if (state_of(run, runs_) != "lost") continue;
      clear_leftovers(runs_ / run.folder);
      for (const auto& [step, record] : map_of(run.record, "steps").items()) {
        if (text_of(record, "state") != "running" || step.empty() || step[0] == '.' || step.find('/') != std::string::npos)
          continue;
        clear_leftovers(runs_ / run.folder / step);
        clear_leftovers(runs_ / run.folder / step / "outputs");
      }
    }
  }

  void say(const std::string& line) {
    if (shown_ != Shown::faults) host_.out << visible(without_secrets(line)) << std::endl;
  }
  /// Says how a step ended, and what of its output is to be seen then.
  void say_end(const std::string& line) {
    if (brief_) brief_->finish(shown_ == Shown::faults ? "" : line);
    if (!brief_) say(line);
    brief_.reset();
  }
  /// What steps have made is not lost for want of room for its record.
  void save() {
    try {
      write_file_atomically(folder_ / "pipeline.json", json_text(shown(record_)));
    } catch (const Error& error) {
      if (!std::exchange(incomplete_, true)) host_.err << "the record of the run is incomplete: " << error.what() << "\n";
    }
  }

  int reuse(const PlannedStep& planned) {
    const Step& step = *planned.step;
    json& record = record_["steps"][step.name];
    record["state"] = "reused";
    record["folder"] = planned.made_by;
    record["outputs"] = planned.outputs;
    record["inputs"] = planned.inputs;
    for (const auto& [port, output] : planned.outputs.items()) outputs_[step.name + "." + port] = runs_ / text_of(output, "path");
    std::error_code fault;  // a link is a convenience: the record counts
    fs::create_directory_symlink(fs::path("..") / planned.made_by, folder_ / step.name, fault);
    say(place_ + ": reused from " + planned.made_by + moved_inputs(planned));
    return 0;
  }

  /// Of inputs that were elsewhere when they were read, with the same content: that is where outputs say that things came from.
  static std::string moved_inputs(const PlannedStep& planned) {
    std::string text;
    for (const StepInput& input : planned.step->inputs) {
      const std::string then = input.is_wire() ? "" : text_of(planned.inputs, input.port->name);
      if (!then.empty() && then != without_secrets(absolute_name(input.path)))
        text += (text.empty() ? ", which read " : " and ") + then;
    }
    return text;
  }

  int execute(const PlannedStep& planned) {
    const Step& step = *planned.step;
    json& record = record_["steps"][step.name];
    const fs::path place = fs::path(folder_.filename()) / step.name;
    const auto unfinished = can_resume(planned) ? History(runs_).unfinished(planned.key) : std::vector<fs::path>();
    const auto command = command_of(step, place, unfinished);
    const auto start = Clock::now();
    record.update(
        {{"state", "running"}, {"why", planned.why}, {"folder", place.string()}, {"started", utc_text()}, {"command", command}});
    record["inputs"] = json::object();
    for (const StepInput& input : step.inputs)
      if (!input.is_wire()) record["inputs"][input.port->name] = absolute_name(input.path);
    save();
    if (shown_ == Shown::everything) say(place_ + ": " + step.component->title + ", because " + planned.why);
    if (!unfinished.empty()) {
      record["resumed_from"] = unfinished.front().lexically_relative(runs_).string();
      say(place_ + ": goes on from where " + text_of(record, "resumed_from") + " was stopped");
    }
    std::error_code fault;
    if (!fs::create_directories(runs_ / place / "outputs", fault))
      throw Error("FailedToWriteOutputs.file", {{"path", (runs_ / place / "outputs").string()}, {"reason", fault.message()}});
    const ChildEnd end = run_step(step, command);
    if (!end.start_error.empty())
      throw Error("FailedToCompleteOperation.no_worker", {{"path", command[0]}, {"reason", end.start_error}});
    if (end.told_to_stop) told_to_stop = end.told_to_stop;
    const int status = end.signal ? 128 + end.signal : end.exit_status;  // it may have ended well although it was told to stop
    record["seconds"] = seconds_since(start);
    record["exit_status"] = status;
    const bool stopped = told_to_stop != 0 || status == kCanGoOn;
    record["state"] = status == 0 ? "done" : stopped ? "stopped" : "failed";
    if (status == 0) {
      std::error_code ignored;  // a step that is done needs none of them
      for (const fs::path& folder : unfinished) fs::remove_all(folder / kCheckpoints, ignored);
      keep_outputs(step, place, record);
      if (!steady(step)) {
        record["key"] = "";
        say(place_ + ": an input changed while the pipeline ran; this step will not be reused");
      }
      say_end(place_ + ": " + done_text(place, duration_text(seconds_since(start))));
    } else if (!stopped) {
      if (brief_) say_end(place_ + ": failed after " + duration_text(seconds_since(start)));
      const fs::path log = runs_ / place / "logs" / "70_driver_log_0";
      host_.err << render_all({Error("FailedToCompleteOperation.step",
                                     {{"step", step.name}, {"status", std::to_string(status)}, {"log", log.string()}})},
                              pipeline_.name);
    }
    save();
    return status;
  }

  ChildEnd run_step(const Step& step, const std::vector<std::string>& command) {
    if (shown_ == Shown::everything)
      return run_child(
          command, [&](std::string_view text) { host_.err << text << std::flush; }, kPatience);
    const bool silent = shown_ == Shown::faults;
    brief_.emplace(silent ? host_.err : host_.out, silent ? 0 : host_.terminal_width, place_ + ": " + step.component->title);
    return run_child(
        command, [&](std::string_view text) { brief_->take(text); }, kPatience,
        !silent && host_.terminal_width > 0 ? ChildOutput::drawn : ChildOutput::read);
  }

  /// That a step is done and, where little else is shown, what it says that it did.
  std::string done_text(const fs::path& place, const std::string& duration) const {
    const std::string told = shown_ == Shown::brief ? text_of(step_record(runs_ / place), "summary") : "";
    return told.empty() ? "done after " + duration : told + " (" + duration + ")";
  }

  /// Unless the pipeline says where the step begins, or that all of it is to run.
  static bool can_resume(const PlannedStep& planned) {
    const auto& parameters = planned.step->parameters;
    return planned.why != "forced" && std::any_of(parameters.begin(), parameters.end(), [](const StepValue& value) {
             return value.spec->name == kResume && value.origin == "default";
           });
  }

  std::vector<std::string> command_of(const Step& step, const fs::path& place, const std::vector<fs::path>& unfinished) const {
    std::vector<std::string> command{host_.program.string()};
    command.insert(command.end(), host_.program_arguments.begin(), host_.program_arguments.end());
    const auto arguments = step_arguments(
        step, [&](const StepInput& input) { return input.is_wire() ? outputs_.at(input.step + "." + input.output) : input.path; },
        runs_ / place / "outputs", runs_ / place);
    command.insert(command.end(), arguments.begin(), arguments.end());
    if (!unfinished.empty()) command.push_back("--" + step.component->parameter(kResume)->flag + "=" + unfinished.front().string());
    return command;
  }

  void keep_outputs(const Step& step, const fs::path& place, json& record) {
    record["outputs"] = json::object();
    for (const PortSpec* const port : step.outputs) {
      const fs::path path = place / "outputs" / port->name;
      record["outputs"][port->name] = {{"path", path.string()}, {"fingerprint", look_at(runs_ / path).fingerprint}};
      outputs_[step.name + "." + port->name] = runs_ / path;
    }
  }

  /// Whether the inputs of a step that ran are still what its key says.
  bool steady(const Step& step) {
    for (const StepInput& input : step.inputs)
      if (unsteady_.count(input.step)) unsteady_.insert(step.name);
    for (const fs::path& path : outside_of(step))
      if (look_at(path).fingerprint != plan_.looks.at(absolute_name(path))) unsteady_.insert(step.name);
    return !unsteady_.count(step.name);
  }

  const Host& host_;
  Shown shown_;
  const Pipeline& pipeline_;
  const Plan& plan_;
  fs::path runs_, folder_;
  RunLock lock_;
  json record_;
  std::string place_;
  bool incomplete_ = false;                  ///< the record, and that is said
  std::optional<BriefOutput> brief_;         ///< of the step that runs, where little is shown
  std::map<std::string, fs::path> outputs_;  ///< by STEP.OUTPUT
  std::set<std::string> unsteady_;           ///< steps whose outputs are not those of their key
};

}  // namespace

std::vector<std::string> step_arguments(const Step& step, const std::function<fs::path(const StepInput&)>& input_of,
                                        const fs::path& outputs, const fs::path& run_dir) {
  std::vector<std::string> arguments = {"run", step.component->name};
  const auto add = [&](const std::string& flag, const std::string& value) { arguments.push_back("--" + flag + "=" + value); };
  for (const StepInput& input : step.inputs) add(input.port->flag, input_of(input).string());
  for (const PortSpec* const port : step.outputs) add(port->flag, (outputs / port->name).string());
  for (const auto* values : {&step.parameters, &step.run_settings})
    for (const StepValue& value : *values)
      if (value.origin != "default") add(value.spec->flag, value.text);
  add("run-dir", run_dir.string());
  return arguments;
}

std::string duration_text(double seconds) {
  if (seconds < 60) return formatted("%.1f s", seconds);
  return formatted("%d min %d s", static_cast<int>(seconds) / 60, static_cast<int>(seconds) % 60);
}

PipelineEnd run_pipeline(const Host& host, const CheckedPlan& checked, const std::vector<std::string>& command, Shown shown) {
  return Runner(host, checked, command, shown).run();
}

}  // namespace torchport::runtime
