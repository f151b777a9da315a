// The life of a run as events: started, steps, epochs, results, pictures, outputs, ended. Sinks (runtime/report/sinks/, --sinks)
// turn them into files and views; the worker and the components send them on rank 0.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "runtime/report/log.h"
#include "runtime/request/request.h"
#include "runtime/spec/table.h"

namespace torchport::runtime {

/// When an event was made.
using Time = std::chrono::system_clock::time_point;

/// A run begins.
struct RunStarted {
  const Request& request;                       ///< the component, its parameters and the paths of its inputs and outputs
  int world_size = 1;                           ///< processes
  std::map<std::string, std::string> versions;  ///< by library, e.g. torchport, libtorch
  Time time = std::chrono::system_clock::now();
};

/// Means over images; images per second of all processes.
struct StepValues {
  double loss = 0, error = 0, images_per_second = 0;
};

/// A step of the training is done.
struct StepDone {
  std::int64_t epoch = 0, epochs = 0, step = 0, steps = 0;  ///< counted from 1; `steps` of each epoch
  StepValues values, epoch_so_far;                          ///< of this step; of its epoch up to here
  double learning_rate = 0, eta_seconds = 0;                ///< until the end of the last epoch's training
  Time time = std::chrono::system_clock::now();
  /// Over all epochs, counted from 1.
  std::int64_t global_step() const { return (epoch - 1) * steps + step; }
};

/// A row of figures, in the order of its columns.
struct MetricRow {
  using Cell = std::variant<std::int64_t, double>;
  std::string name;
  std::vector<std::pair<std::string, Cell>> columns;
};

/// An epoch has been validated.
struct EpochDone {
  std::int64_t epoch = 0;  ///< counted from 1
  std::vector<MetricRow> rows;
  Time time = std::chrono::system_clock::now();  ///< Time{}: of the run before, in a training that goes on
  std::int64_t steps = 0;                        ///< of the training, done until its end
};

/// Figures of a run that has no epochs.
struct ResultFound {
  MetricRow row;
  Time time = std::chrono::system_clock::now();
};

/// There is a picture of the result.
struct PictureMade {
  std::string name;
  const std::function<std::string()>& png;  ///< draws it, for a sink that shows it
  Time time = std::chrono::system_clock::now();
};

/// An output is whole in its place.
struct OutputWritten {
  std::string name;
  std::vector<std::string> files;  ///< in it
  Time time = std::chrono::system_clock::now();
};

/// A run ends. After a signal, or the end of another rank, there is no such event.
struct RunEnded {
  std::vector<Error> errors;  ///< none where all went well
  Time time = std::chrono::system_clock::now();
  int exit_status() const { return errors.empty() ? 0 : errors.front().exit_status(); }
  /// "ok", "failed", or "stopped" where the run can go on later.
  std::string status() const;
};

/// What sinks are made with.
struct SinkOptions {
  std::filesystem::path run_dir;
  Log* log = nullptr;
};

/// A view of the events: it overrides what it shows. It must not throw: a training of hours is worth more than its record.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void started(const RunStarted&) {}
  virtual void step(const StepDone&) {}
  virtual void epoch(const EpochDone&) {}
  virtual void result(const ResultFound&) {}
  virtual void picture(const PictureMade&) {}
  virtual void output(const OutputWritten&) {}
  virtual void ended(const RunEnded&) {}
};

/// The generated table of runtime/report/sinks/.
const Table<std::unique_ptr<Sink>(const SinkOptions&)>& sinks();

/// The sinks of these names, each of which is in the table. \throws Error as a sink does that cannot begin
std::vector<std::unique_ptr<Sink>> make_sinks(const std::vector<std::string>& names, const SinkOptions& options);

/// Hands every event to every sink. Rank 0 has sinks, the other ranks none.
class Events : public Sink {
 public:
  Events() = default;
  explicit Events(std::vector<std::unique_ptr<Sink>> sinks) : sinks_(std::move(sinks)) {}
  void started(const RunStarted& event) override { hand_on(&Sink::started, event); }
  void step(const StepDone& event) override { hand_on(&Sink::step, event); }
  void epoch(const EpochDone& event) override { hand_on(&Sink::epoch, event); }
  void result(const ResultFound& event) override { hand_on(&Sink::result, event); }
  void picture(const PictureMade& event) override { hand_on(&Sink::picture, event); }
  void output(const OutputWritten& event) override { hand_on(&Sink::output, event); }
  void ended(const RunEnded& event) override { hand_on(&Sink::ended, event); }

 private:
  template <class Event>
  void hand_on(void (Sink::*method)(const Event&), const Event& event) {
    for (const auto& sink : sinks_) (sink.get()->*method)(event);
  }
  std::vector<std::unique_ptr<Sink>> sinks_;
};

}  // namespace torchport::runtime
