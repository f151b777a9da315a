// steps.jsonl: each step and each epoch with its time, one a line. `torchport estimate` reads what a training costs from it.
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/report/events.h"

namespace torchport::runtime {
namespace {

/// Seconds since 1970.
double seconds(Time time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

class Steps : public Sink {
 public:
  explicit Steps(const SinkOptions& options) : file_(options.run_dir / "steps.jsonl"), log_(options.log) {}
  ~Steps() override {
    try {
      file_.close();
    } catch (const Error&) {  // the run is over; what could be kept is kept
    }
  }

  void step(const StepDone& event) override {
    write({{"event", "step"},
           {"time", seconds(event.time)},
           {"epoch", event.epoch},
           {"step", event.step},
           {"loss", event.values.loss},
           {"images_per_second", event.values.images_per_second},
           {"learning_rate", event.learning_rate}});
  }
  void epoch(const EpochDone& event) override {
    if (event.time == Time{}) return;  // of the run before, in a training that goes on
    write({{"event", "epoch"}, {"time", seconds(event.time)}, {"epoch", event.epoch}});
  }

 private:
  void write(const nlohmann::ordered_json& event) {
    try {
      if (!broken_) file_.write(event.dump() + "\n");
    } catch (const Error& error) {
      broken_ = true;
      if (log_) log_->warning(std::string("The record of steps ends here: ") + error.what());
    }
  }

  FileWriter file_;
  Log* log_;
  bool broken_ = false;
};

}  // namespace

std::unique_ptr<Sink> steps(const SinkOptions& options) { return std::make_unique<Steps>(options); }

}  // namespace torchport::runtime
