// Prometheus: where a run stands, as a file for node_exporter's textfile collector, which is replaced as a whole.
#include <cctype>

#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/files/leftovers.h"
#include "runtime/files/sha256.h"
#include "runtime/report/figures.h"
#include "runtime/text/format.h"
#include "runtime/version.h"

namespace torchport::runtime {
namespace fs = std::filesystem;
namespace {

// Prometheus asks node_exporter every 15 seconds or more seldom.
constexpr auto kBetweenFiles = std::chrono::seconds(5);
constexpr std::size_t kDigits = 8;  ///< of a hash, in the file's name

std::string escaped(std::string_view label) {
  std::string text;
  for (const char c : label) {
    if (c == '\\' || c == '"') text += '\\';
    text += c == '\n' ? "\\n" : std::string(1, c);
  }
  return text;
}

/// "torchport_top_1_validation_accuracy" of "Top-1 validation accuracy".
std::string metric_name(std::string_view name) {
  std::string text = "torchport_";
  for (const char c : name) {
    const auto letter = static_cast<unsigned char>(c);
    text += std::isalnum(letter) ? static_cast<char>(std::tolower(letter)) : '_';
  }
  return text;
}

/// Takes "1" out of "Rank times/1/data"; "" where there is no rank.
std::string take_rank(std::string& name) {
  const std::size_t slash = name.find('/'), next = slash == name.npos ? name.npos : name.find('/', slash + 1);
  if (next == name.npos) return "";
  const std::string rank = name.substr(slash + 1, next - slash - 1);
  if (rank.empty() || !std::all_of(rank.begin(), rank.end(), [](unsigned char c) { return std::isdigit(c); })) return "";
  name.erase(slash, next - slash);
  return rank;
}

class Prometheus : public Sink {
 public:
  explicit Prometheus(const SinkOptions& options) : run_dir_(options.run_dir), log_(options.log) {}

  void started(const RunStarted& event) override {
    const bool elsewhere = event.request.has_setting("prometheus_folder");
    const fs::path folder = elsewhere ? fs::path(event.request.setting<std::string>("prometheus_folder")) : run_dir_;
    const std::string name =
        elsewhere ? "torchport_" + run_dir_.filename().string() + "_" + sha256_of(run_dir_.string()).substr(0, kDigits) : "metrics";
    file_ = fs::absolute(folder) / (name + ".prom");
    run_ = "run=\"" + escaped(run_dir_.string()) + "\"";
    set("run_info", "The component that runs, and torchport's version.", 1,
        ",component=\"" + escaped(event.request.component->name) + "\",version=\"" + escaped(version()) + "\"");
    set("run_start_time_seconds", "When the run began, in seconds since 1970.", seconds_of(event.time));
    set("run_processes", "Processes of the run.", event.world_size);
    set("run_running", "1 until the run has ended.", 1);
    tell(event.time, true);
  }

  void step(const StepDone& event) override {
    set("steps_total", "Steps of the training that are done.", static_cast<double>(event.global_step()), "", "counter");
    set("steps_of_training", "Steps of the whole training.", static_cast<double>(event.epochs * event.steps));
    set("eta_seconds", "Until the end of the last epoch's training.", event.eta_seconds);
    show(figures_of(event), ", of the last step");
    tell(event.time, false);
  }

  void epoch(const EpochDone& event) override {
    set("epochs_total", "Epochs that are validated.", static_cast<double>(event.epoch), "", "counter");
    for (const MetricRow& row : event.rows) show(figures_of(row), ", of the last epoch");
    if (event.time != Time{}) tell(event.time, false);
  }

  void result(const ResultFound& event) override {
    show(figures_of(event.row), "");
    tell(event.time, false);
  }

  void ended(const RunEnded& event) override {
    set("run_running", "1 until the run has ended.", 0);
    set("run_exit_status", "0: done; others as torchport --help lists them.", event.exit_status());
    tell(event.time, true);
  }

 private:
  struct Metric {
    std::string help, type;
    std::map<std::string, double> values;  ///< by labels
  };

  void set(const std::string& name, const std::string& help, double value, const std::string& labels = "",
           const std::string& type = "gauge") {
    Metric& metric = metrics_[metric_name(name)];
    metric.help = help;
    metric.type = type;
    metric.values[run_ + labels] = value;
  }

  void show(const std::vector<Figure>& figures, const std::string& when) {
    for (const Figure& figure : figures) {
      std::string name = figure.name;
      const std::string rank = take_rank(name);
      set(name, name + when + ".", figure.value, rank.empty() ? "" : ",rank=\"" + rank + "\"");
    }
  }

  std::string text() const {
    std::string text;
    for (const auto& [name, metric] : metrics_) {
      text += "# HELP " + name + " " + metric.help + "\n# TYPE " + name + " " + metric.type + "\n";
      for (const auto& [labels, value] : metric.values) text += name + "{" + labels + formatted("} %.17g\n", value);
    }
    return text;
  }

  /// Writes the file, unless the last one is young. It needs no way to the disk: after a crash nobody asks for it.
  void tell(Time time, bool now) {
    set("run_last_event_time_seconds", "When something was last heard of the run, in seconds since 1970.", seconds_of(time));
    if (broken_ || (!now && time - written_ < kBetweenFiles)) return;
    const bool first = std::exchange(written_, time) == Time{};
    const fs::path temporary =
        file_.parent_path() / ("." + file_.filename().string() + "." + random_suffix() + std::string(kTemporary));
    try {
      if (first) remove_temporaries(file_.parent_path(), file_.filename().string());
      FileWriter writer(temporary);
      writer.write(text());
      writer.close();
      fs::rename(temporary, file_);
    } catch (const std::exception& fault) {  // a training of hours is worth more than its record
      broken_ = true;
      std::error_code ignored;
      fs::remove(temporary, ignored);
      if (log_) log_->warning(std::string("The file for Prometheus is not written any more: ") + fault.what());
    }
  }

  fs::path run_dir_, file_;
  std::string run_;  ///< the label that all have
  Log* log_;
  Time written_{};
  std::map<std::string, Metric> metrics_;
  bool broken_ = false;
};

}  // namespace

std::unique_ptr<Sink> prometheus(const SinkOptions& options) { return std::make_unique<Prometheus>(options); }

}  // namespace torchport::runtime
