// results.csv: a training as a table, a row for each epoch, for spreadsheets and notebooks. A training that goes on has the rows of
// all its epochs.
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/report/events.h"
#include "runtime/text/python_json.h"

namespace torchport::runtime {
namespace {

class Csv : public Sink {
 public:
  explicit Csv(const SinkOptions& options) : path_(options.run_dir / "results.csv"), log_(options.log) {}
  ~Csv() override {
    try {
      if (file_) file_->close();
    } catch (const Error&) {  // the run is over; what could be kept is kept
    }
  }

  /// The figures of the epoch as a whole: those of single ranks are in metrics.jsonl.
  void epoch(const EpochDone& event) override {
    std::string names = "epoch", values = std::to_string(event.epoch);
    for (const MetricRow& row : event.rows) {
      if (row.columns.size() != 2 || row.columns.front().first != "epoch") continue;
      const auto& [name, cell] = row.columns.back();
      names += "," + name;
      values += "," + std::visit([](auto value) { return python_float(static_cast<double>(value)); }, cell);
    }
    try {
      if (broken_) return;
      if (!file_) file_.emplace(path_).write(names + "\n");
      file_->write(values + "\n");
    } catch (const Error& error) {  // a training of hours is worth more than its record
      broken_ = true;
      if (log_) log_->warning(std::string("The table of results ends here: ") + error.what());
    }
  }

 private:
  std::filesystem::path path_;
  Log* log_;
  std::optional<FileWriter> file_;
  bool broken_ = false;
};

}  // namespace

std::unique_ptr<Sink> csv(const SinkOptions& options) { return std::make_unique<Csv>(options); }

}  // namespace torchport::runtime
