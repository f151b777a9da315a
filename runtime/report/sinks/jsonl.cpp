// The record of a run: metrics.jsonl, one event a line as the original's stream has them. Every other view can be made from it.
#include "runtime/error/error.h"
#include "runtime/files/files.h"
#include "runtime/report/error_info.h"
#include "runtime/report/events.h"
#include "runtime/report/progress_file.h"
#include "runtime/text/python_json.h"

namespace torchport::runtime {
namespace {

std::string json(const MetricRow::Cell& cell) {
  const auto* const integer = std::get_if<std::int64_t>(&cell);
  return integer ? std::to_string(*integer) : python_float(std::get<double>(cell));
}

std::string begun(const char* kind, const std::string& name) {
  return "{\"kind\": " + python_string(kind) + ", \"name\": " + python_string(name) + ", ";
}

class JsonLines : public Sink {
 public:
  explicit JsonLines(const SinkOptions& options)
      : file_(options.run_dir / "metrics.jsonl"), progress_(options.run_dir), log_(options.log) {}
  ~JsonLines() override {
    try {
      file_.close();
    } catch (const Error&) {  // the run is over; what could be kept is kept
    }
  }

  void step(const StepDone& event) override { progress_.step(event); }
  void epoch(const EpochDone& event) override {
    for (const MetricRow& row : event.rows) write(row);
  }
  void result(const ResultFound& event) override { write(event.row); }

  void output(const OutputWritten& event) override {
    std::string list;
    for (const std::string& file : event.files) list += (list.empty() ? "" : ", ") + python_string(file);
    write(begun("upload_folder", event.name) + "\"files\": [" + list + "]}");
  }

  void ended(const RunEnded& event) override {
    write(begun("upload_file", "module_statistics/error_info.json") + "\"content\": " + python_string(error_info(event.errors)) +
          "}");
  }

 private:
  void write(const MetricRow& row) {
    std::string columns;
    for (const auto& [name, cell] : row.columns) columns += (columns.empty() ? "" : ", ") + python_string(name) + ": " + json(cell);
    write(begun("log_row", row.name) + "\"row\": {" + columns + "}}");
  }

  void write(const std::string& line) {
    try {
      if (!broken_) file_.write(line + "\n");
    } catch (const Error& error) {  // a training of hours is worth more than its record
      broken_ = true;
      if (log_) log_->warning(std::string("The record of metrics ends here: ") + error.what());
    }
  }

  FileWriter file_;
  ProgressFile progress_;
  Log* log_;
  bool broken_ = false;
};

}  // namespace

std::unique_ptr<Sink> jsonl(const SinkOptions& options) { return std::make_unique<JsonLines>(options); }

}  // namespace torchport::runtime
