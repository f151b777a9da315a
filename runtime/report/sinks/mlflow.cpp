// MLflow: a journal in the run folder's mlflow/, and a thread that sends it to the server that MLFLOW_TRACKING_URI names. A
// training that goes on continues its journal, and so the run that MLflow has; what it does again is not told twice.
#include "runtime/tracking/mlflow_journal.h"

#include <cctype>
#include <cmath>

#include "runtime/error/error.h"
#include "runtime/error/exit_status.h"
#include "runtime/host_name.h"
#include "runtime/report/events.h"
#include "runtime/report/figures.h"
#include "runtime/text/python_json.h"
#include "runtime/text/secrets.h"
#include "runtime/tracking/guarded_record.h"
#include "runtime/tracking/mlflow_sender.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLongestParameter = 6000;  ///< MLflow's, bytes

std::int64_t milliseconds(Time time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// MLflow takes these characters only.
std::string metric_name(std::string name) {
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c)) && std::string_view("_-. :/").find(c) == std::string_view::npos) c = '_';
  return name;
}

std::string text_of(const Value& value) {
  if (const auto* const text = std::get_if<std::string>(&value)) return without_secrets(*text);
  if (const auto* const yes = std::get_if<bool>(&value)) return *yes ? "True" : "False";
  if (const auto* const real = std::get_if<double>(&value)) return python_float(*real);
  return std::to_string(std::get<std::int64_t>(value));
}

/// A step of a pipeline is named with it.
std::string name_of(const fs::path& run_dir) {
  std::error_code ignored;
  const fs::path above = run_dir.parent_path();
  return (fs::exists(above / "pipeline.json", ignored) ? above.filename() / run_dir.filename() : run_dir.filename()).string();
}

class Mlflow : public Sink {
 public:
  explicit Mlflow(const SinkOptions& options) : run_dir_(options.run_dir), folder_(run_dir_ / kMlflowFolder), log_(options.log) {}
  ~Mlflow() override {
    try {
      if (journal_) journal_->close();
    } catch (const Error&) {  // the run is over; what could be kept is kept
    }
  }

  void started(const RunStarted& event) override {
    begun_ = event.time;
    settings_ = mlflow_settings();
    MlflowRecord parameters = MlflowRecord::object();
    for (const auto& [name, given] : event.request.parameters) parameters[name] = shortened(name, text_of(given.value));
    parameters["world_size"] = std::to_string(event.world_size);
    MlflowRecord tags = {{"torchport.component", event.request.component->name},
                         {"torchport.folder", run_dir_.string()},
                         {"torchport.host", host_name()},
                         {"mlflow.source.name", "torchport run " + event.request.component->name},
                         {"mlflow.source.type", "LOCAL"}};
    for (const auto& [library, version] : event.versions) tags["version." + library] = version;
    start_ = {{"kind", "start"},
              {"run", random_suffix() + random_suffix()},
              {"time", milliseconds(begun_)},
              {"name", settings_.run_name.empty() ? name_of(run_dir_) : settings_.run_name},
              {"user", settings_.user},
              {"experiment_name", settings_.experiment_name},
              {"experiment_id", settings_.experiment_id},
              {"run_id", settings_.run_id},
              {"parameters", parameters},
              {"tags", tags}};
  }

  void step(const StepDone& event) override {
    guarded_([&] {
      const std::int64_t position = event.global_step() - 1;
      begin(position, event.steps);
      if (!is_kept(event) || position <= told_step_) return;
      told_step_ = position;
      write("step", position, event.time, figures_of(event));
    });
  }

  void epoch(const EpochDone& event) override {
    if (event.time == Time{}) return earlier_.push_back(event);
    guarded_([&] {
      begin(event.steps, event.steps / std::max<std::int64_t>(1, event.epoch));
      write_epoch(event, event.steps, event.time);
    });
  }

  void result(const ResultFound& event) override {
    guarded_([&] {
      begin(0, 0);
      write("result", 0, event.time, figures_of(event.row));
    });
  }

  void picture(const PictureMade& event) override {
    guarded_([&] {
      begin(0, 0);
      const std::string name = metric_name(event.name) + ".png";
      write_file_atomically(folder_ / name, event.png());
      journal_->add({{"kind", "artifact"}, {"time", milliseconds(event.time)}, {"file", name}});
    });
  }

  void ended(const RunEnded& event) override {
    guarded_([&] {
      if (!journal_ && has_mlflow_journal(folder_)) return;  // it did not come so far as to say whether it goes on
      begin(0, 0);
      const std::string status = event.status() == "ok" ? "FINISHED" : event.status() == "stopped" ? "KILLED" : "FAILED";
      journal_->add({{"kind", "end"}, {"time", milliseconds(event.time)}, {"status", status}});
    });
    if (sender_) sender_->finish();
  }

 private:
  MlflowRecord shortened(const std::string& name, std::string text) const {
    if (text.size() <= kLongestParameter) return text;
    if (log_) log_->warning("MLflow gets the first " + std::to_string(kLongestParameter) + " bytes of the parameter " + name + ".");
    return text.substr(0, kLongestParameter);
  }

  /// Begins a journal with the first event, which says where the training stands; one that is there is of a run that goes on here,
  /// or of one that is over: that moves to mlflow.1.
  void begin(std::int64_t position, std::int64_t steps_of_epoch) {
    if (journal_) return;
    const bool goes_on = has_mlflow_journal(folder_) && position > 0;
    if (goes_on) {
      read_journal();
    } else {
      move_away();
    }
    journal_.emplace(folder_);
    journal_->add(goes_on ? MlflowRecord{{"kind", "go_on"}, {"time", milliseconds(begun_)}} : start_);
    for (const EpochDone& epoch : earlier_) write_epoch(epoch, epoch.epoch * steps_of_epoch, begun_);
    if (!settings_.server.url.empty()) {
      sender_.emplace(folder_, settings_, log_);
    } else if (log_) {
      log_->warning("This run is not sent to MLflow: " + settings_.why_none + ". Its record is in " + folder_.string() +
                    ": torchport sync mlflow " + run_dir_.string() + " sends it.");
    }
  }

  /// How far the run before has told its steps and epochs.
  void read_journal() {
    MlflowReader reader(folder_);
    while (const auto record = reader.next()) {
      const std::string kind = record->at("kind");
      if (kind == "step") told_step_ = std::max(told_step_, record->at("step").get<std::int64_t>());
      if (kind == "epoch") told_epoch_ = std::max(told_epoch_, record->at("step").get<std::int64_t>());
    }
  }

  void move_away() const {
    std::error_code error;
    if (!fs::exists(fs::symlink_status(folder_, error))) return;
    for (int number = 1;; ++number) {
      const fs::path away = folder_.string() + "." + std::to_string(number);
      if (fs::exists(fs::symlink_status(away, error))) continue;
      fs::rename(folder_, away, error);
      if (error) throw Error("FailedToWriteOutputs.file", {{"path", away.string()}, {"reason", error.message()}});
      return;
    }
  }

  void write_epoch(const EpochDone& event, std::int64_t end, Time time) {
    if (end <= told_epoch_) return;
    told_epoch_ = end;
    std::vector<Figure> figures;
    for (const MetricRow& row : event.rows)
      for (Figure& figure : figures_of(row)) figures.push_back(std::move(figure));
    write("epoch", end, time, figures);
  }

  void write(const char* kind, std::int64_t step, Time time, const std::vector<Figure>& figures) {
    for (std::size_t i = 0; i < figures.size(); i += kMostValues) {
      MlflowRecord values = MlflowRecord::object();
      for (std::size_t j = i; j < std::min(figures.size(), i + kMostValues); ++j) {
        const double value = figures[j].value;
        values[metric_name(figures[j].name)] = std::isfinite(value) ? MlflowRecord(value) : MlflowRecord(python_float(value));
      }
      journal_->add({{"kind", kind}, {"time", milliseconds(time)}, {"step", step}, {"values", values}});
    }
  }

  fs::path run_dir_, folder_;
  Log* log_;
  Time begun_{};
  MlflowSettings settings_;
  MlflowRecord start_;
  std::vector<EpochDone> earlier_;  ///< those of the run before, in a training that goes on
  std::int64_t told_step_ = -1, told_epoch_ = 0;
  std::optional<MlflowWriter> journal_;
  std::optional<MlflowSender> sender_;  ///< goes before the journal
  GuardedRecord guarded_{"MLflow", log_};
};

}  // namespace

std::unique_ptr<Sink> mlflow(const SinkOptions& options) { return std::make_unique<Mlflow>(options); }

}  // namespace torchport::runtime
